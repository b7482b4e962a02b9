import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeTempDir } from '../kit/temp-dir.ts';
import { run } from './program.ts';

const dir = makeTempDir();
const good = join(dir, 'csync2.cfg');
const bad = join(dir, 'csync2_bad.cfg');
writeFileSync(good, `nossl * *;\ngroup web { host web1 web2; key /k; include ${dir}; }\n`);
writeFileSync(bad, 'group web {\n');

describe('config import', () => {
  it('prints the config, and warnings beside it', async () => {
    const { code, out, err } = await run(['config', 'import', good]);
    assert.equal(code, 0);
    assert.match(out, /^groups:\n(.*\n)* {2}web:\n {4}key_file: \/k\n/m);
    assert.equal(err, `warning: ${good}:1: nossl * *: csyncd always encrypts\n`);
  });

  it('goes on after a file that is broken', async () => {
    const { code, out, err } = await run(['config', 'import', bad, good]);
    assert.deepEqual([code, out.includes('key_file: /k')], [0, true]);
    assert.match(err, /csync2_bad\.cfg:2: the file ends where a statement of the group or "}" should be\n/);
  });

  it('exits 1 when there is nothing that it could read', async () => {
    const missing = join(dir, 'nothing.cfg');
    assert.deepEqual(await run(['config', 'import', missing]), {
      code: 1,
      out: '',
      err: `${missing}: there is no such file\n`,
    });
    assert.equal((await run(['config', 'import', bad])).code, 1);
  });

  it('--json has the config, the warnings and the faults', async () => {
    const { code, out } = await run(['--json', 'config', 'import', good, bad]);
    assert.equal(code, 0);
    const answer = JSON.parse(out);
    assert.equal(answer.ok, true);
    assert.equal(answer.config.groups.web.key_file, '/k');
    assert.deepEqual(answer.warnings, [
      { file: good, line: 1, column: null, message: 'nossl * *: csyncd always encrypts', hint: null },
    ]);
    assert.equal(answer.faults[0].file, bad);
  });
});

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeTempDir } from '../kit/temp-dir.ts';
import { run } from './program.ts';

const group = (name: string, rest: string): string => `
  ${name}:
    key_file: /etc/csyncd/keys/web.key
    hosts: [web1, web2]
    mappings: { shared: { path: /srv/${name}${rest} } }
`;
const csync2 = (name: string, port: number, rules = ''): string =>
  group(name, `${rules} } }\n    backend: csync2\n    csync2: { port: ${port}`).replace(/ \} \}\n$/, ' }\n');

function written(...groups: string[]): string {
  const file = join(makeTempDir(), 'csyncd.yaml');
  writeFileSync(file, `node: web1\ngroups:${groups.join('')}`);
  return file;
}

const ask = (file: string, ...args: string[]): ReturnType<typeof run> =>
  run(['config', 'csync2', ...args, '--config', file]);

describe('config csync2', () => {
  it('prints the file of the only csync2 group', async () => {
    const file = written(group('other', ''), csync2('web', 31_000));
    const { code, out, err } = await ask(file);
    assert.deepEqual([code, err], [0, '']);
    assert.match(out, /^group "web_shared" \{$/m);
    assert.equal((await ask(file, 'web')).out, out);
    assert.deepEqual(JSON.parse((await ask(file, '--json')).out), { group: 'web', config: out });
  });

  it('prints a file that is managed elsewhere as it is', async () => {
    const file = join(makeTempDir(), 'csync2.cfg');
    writeFileSync(file, '# mine\ngroup g { host web1 web2; key k; include /srv/x; }\n');
    const config = written(`\n  web:\n    csync2: { config_file: ${file} }\n`);
    assert.equal((await ask(config)).out, '# mine\ngroup g { host web1 web2; key k; include /srv/x; }\n');
  });

  it('asks which when there are several, or none of that name', async () => {
    const several = written(csync2('web', 31_000), csync2('db', 31_001));
    assert.deepEqual(await ask(several), {
      code: 78,
      out: '',
      err: 'csyncd: name a group\n  groups with backend: csync2: web, db\n',
    });
    assert.match((await ask(several, 'db')).out, /"db_shared"/);
    assert.deepEqual(await ask(written(group('web', '')), 'web'), {
      code: 78,
      out: '',
      err: 'csyncd: web is no group of this node with backend: csync2\n  no group of this node has backend: csync2\n',
    });
    assert.equal((await ask(written('frob'))).code, 78);
  });

  it('prints bytes where a pattern needs them', async () => {
    const file = written(csync2('web', 31_000, `, exclude: ['[!"]']`));
    const { out } = await ask(file);
    assert.match(out, /-\xff\]";$/m);
    const json = JSON.parse((await ask(file, '--json')).out);
    assert.equal(Buffer.from(json.config_base64, 'base64').toString('latin1'), out);
  });
});

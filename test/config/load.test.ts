/** Where the files come from, and what is said when they cannot be read. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderFault } from '../../src/config/fault.ts';
import { loadConfig, type LoadOptions } from '../../src/config/load.ts';
import { makeTempDir } from '../kit/temp-dir.ts';

const MAIN =
  'groups:\n  web:\n    key_file: /k\n    hosts: [web1, web2]\n    mappings: { m: { path: /srv/m } }\n';
const folder = makeTempDir();

function says(file: string, options: LoadOptions = {}): string[] {
  const result = loadConfig(join(folder, file), { host: 'web1', ...options });
  return result.ok ? ['ok'] : result.faults.map((fault) => renderFault(fault).replaceAll(`${folder}/`, ''));
}

test('a check does not depend on the name, the place, or on anything that the file names', () => {
  mkdirSync(join(folder, 'tmp'));
  writeFileSync(join(folder, 'tmp', 'csyncd.yaml20261120-394-hyh4ns'), MAIN);
  assert.deepEqual(says('tmp/csyncd.yaml20261120-394-hyh4ns'), ['ok']);
});

test('fragments may be elsewhere', () => {
  mkdirSync(join(folder, 'elsewhere'));
  writeFileSync(join(folder, 'elsewhere', 'a.yaml'), 'nod: web1\n');
  writeFileSync(join(folder, 'main.yaml'), MAIN);
  assert.deepEqual(says('main.yaml'), ['ok']);
  assert.deepEqual(says('main.yaml', { fragments: join(folder, 'elsewhere') }), [
    'elsewhere/a.yaml:1:1: unknown key "nod"\n    did you mean "node"?',
  ]);
});

test('files that cannot be read', () => {
  assert.deepEqual(says('missing.yaml'), [
    'missing.yaml: there is no such file\n    give another one with --config FILE',
  ]);
  mkdirSync(join(folder, 'dir.yaml'));
  assert.deepEqual(says('dir.yaml'), ['dir.yaml: is a directory\n    give the file with --config FILE']);
  writeFileSync(join(folder, 'latin1.yaml'), Buffer.from('node: w\xe4b\n', 'latin1'));
  assert.deepEqual(says('latin1.yaml'), ['latin1.yaml: is not UTF-8 text\n    convert it with iconv']);
  writeFileSync(join(folder, 'main.yaml'), MAIN);
  assert.deepEqual(says('main.yaml', { fragments: join(folder, 'main.yaml') }), [
    'main.yaml: is not a directory\n    fragments are files in the directory conf.d',
  ]);
});

test('"-" is standard input', () => {
  const load = new URL('../../src/config/load.ts', import.meta.url).href;
  const script = `import { loadConfig } from ${JSON.stringify(load)};
    console.log(JSON.stringify(loadConfig('-', { host: 'web1' })));`;
  const run = (input: string): unknown => {
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      input,
      encoding: 'utf8',
    });
    return JSON.parse(stdout);
  };
  assert.equal((run(MAIN) as { ok: boolean }).ok, true);
  assert.deepEqual(run('groups: 1\n'), {
    ok: false,
    faults: [
      {
        file: '(standard input)',
        line: 1,
        column: 9,
        message: 'groups must be a map of keys and values, not 1',
        hint: null,
      },
    ],
  });
});

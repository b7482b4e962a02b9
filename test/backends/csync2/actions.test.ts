/** Actions under the real csync2: what runs, with which paths, and what is said when it fails. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { generateCsync2Config } from '../../../src/config/csync2/generate.ts';
import { good } from '../../config/kit.ts';
import { makeTempDir } from '../../kit/temp-dir.ts';

const folder = makeTempDir();
const [plain, moved, system, out] = ['plain', "it's %here", 'system', 'out'].map((name) =>
  join(folder, name),
);
assert.ok(plain !== undefined && moved !== undefined && system !== undefined && out !== undefined);
for (const dir of [plain, moved, system, out]) mkdirSync(dir);

/** The checkout's own, whatever was built. */
const csyncd = join(folder, "csyncd of 'today'");
const main = new URL('../../../src/main.ts', import.meta.url).pathname;
writeFileSync(
  csyncd,
  `#!/bin/sh\nexec '${process.execPath}' --disable-warning=ExperimentalWarning '${main}' "$@"\n`,
);
chmodSync(csyncd, 0o755);
writeFileSync(join(folder, 'key'), `${'k'.repeat(64)}\n`);

/** Writes csync2.cfg with these actions, and lets csync2 look at both directories. */
function check(actions: string): void {
  const [group] = good(`
groups:
  web:
    key_file: ${folder}/key
    hosts: [web1, web2]
    backend: csync2
    csync2: { config_dir: ${system}, database_dir: ${system} }
    mappings:
      plain: { path: ${plain} }
      moved: { path: "${moved}", paths: { web2: /mnt/m } }
    actions:
${actions}`).groups;
  assert.ok(group !== undefined);
  writeFileSync(
    join(system ?? '', 'csync2.cfg'),
    generateCsync2Config(group, { node: 'web1', csyncd }),
    'latin1',
  );
  const env = { ...process.env, CSYNC2_SYSTEM_DIR: system };
  const args = ['-N', 'web1', '-D', system ?? '', '-cr', plain ?? '', moved ?? ''];
  execFileSync('csync2', args, { env, stdio: 'ignore' });
}

const copyTo = (name: string): string => `[sh, -c, 'cp "$CSYNCD_PATHS" "$1"', sh, ${join(out ?? '', name)}]`;
const given = (name: string): string[] =>
  readFileSync(join(out ?? '', name), 'latin1')
    .split('\0')
    .slice(0, -1);
const log = (): string => readFileSync(join(system ?? '', 'actions.log'), 'utf8');

test('each command runs once with the paths that it is for, however many', () => {
  const names = Array.from({ length: 1500 }, (_, at) => `a file with a long name, number ${at}.conf`);
  for (const name of names) writeFileSync(join(plain, name), '');
  for (const odd of ["quote's %25", 'a\nb', '\xff']) {
    writeFileSync(Buffer.from(`${moved}/${odd}.conf`, 'latin1'), '');
  }
  writeFileSync(join(plain, 'x'), '');
  check(`
      - { name: all, pattern: ['*.conf'], exec: ${copyTo('all')}, where: everywhere }
      - { name: one, pattern: ['/x'], exec: ${copyTo('one')}, where: origin }
      - { name: none, pattern: ['/x'], exec: ${copyTo('none')} }
`);
  const odd = ['\xff', "quote's %25", 'a\nb'].map((name) => `${moved}/${name}.conf`);
  assert.deepEqual(given('all'), [...names.map((name) => join(plain, name)), ...odd].sort());
  assert.deepEqual(given('one'), [join(plain, 'x')]);
  assert.throws(() => given('none'), { code: 'ENOENT' });
});

test('a command that fails is in the log', () => {
  writeFileSync(join(plain, 'fails'), '');
  check(`
      - { name: fails, pattern: [/fails], exec: [sh, -c, 'echo "it is $1"; exit 3', sh, 'a "b" $c'], where: origin }
      - { name: missing, pattern: [/fails], exec: [/nonexistent/program], where: origin }
      - { name: slow, pattern: [/fails], exec: [sleep, '1000'], where: origin, timeout: 1s }
`);
  assert.match(log(), /^it is a "b" \$c\n\S+Z sh -c .*: exited with 3$/m);
  assert.match(log(), /Z \/nonexistent\/program: spawn .*ENOENT$/m);
  assert.match(log(), /Z sleep 1000: ended, because it took longer than 1000 ms$/m);
});

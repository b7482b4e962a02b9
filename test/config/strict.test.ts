import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeGroupKey } from '../../src/config/key.ts';
import { makeTempDir } from '../kit/temp-dir.ts';
import { verdict } from './kit.ts';

const folder = makeTempDir();

function strictly(yaml: string): string[] {
  return verdict(yaml.replaceAll('%', folder), { strict: true }).map((line) => line.replaceAll(folder, '%'));
}

test('what the config names must be on this machine', () => {
  writeFileSync(join(folder, 'file'), 'x');
  chmodSync(join(folder, 'file'), 0o644);
  symlinkSync('dir', join(folder, 'link'));
  const yaml = `
tls:
  ca: %/missing.pem
  cert: %/file
  key: %/file
groups:
  web:
    key_file: %/missing.key
    hosts: [web1, web2]
    mappings:
      a: { path: %/missing }
      b: { path: %/file, paths: { web2: %/b } }
      c:
        path: %/nowhere
        paths:
          web1: %/link
  other:
    key_file: %/not-for-this-node.key
    hosts: [x, y]
`;
  assert.deepEqual(strictly(yaml), [
    'csyncd.yaml:2:7: there is no file %/missing.pem',
    'csyncd.yaml:4:8: the key %/file is open to others',
    '    chmod 0600 %/file',
    'csyncd.yaml:7:15: there is no key %/missing.key',
    '    write one with `csyncd keygen %/missing.key` and copy it to all nodes of the group',
    'csyncd.yaml:10:18: there is no directory %/missing',
    '    create it, or mount what belongs there',
    'csyncd.yaml:11:18: %/file is not a directory',
    'csyncd.yaml:15:17: %/link is a symlink, not a directory',
    '    name the directory that it leads to',
  ]);
});

test('a machine that has all of it passes', () => {
  mkdirSync(join(folder, 'dir'));
  writeGroupKey(join(folder, 'good.key'));
  assert.deepEqual(
    strictly(
      'groups: { web: { key_file: %/good.key, hosts: [web1, web2], mappings: { a: { path: %/dir } } } }\n',
    ),
    ['ok'],
  );
});

test('the csync2 of a group must be there, and one that can be run', () => {
  mkdirSync(join(folder, 'dir'), { recursive: true });
  writeFileSync(join(folder, 'plain'), 'x');
  const faults = (binary: string): string[] =>
    strictly(`
groups:
  web:
    key_file: %/good.key
    hosts: [web1, web2]
    backend: csync2
    mappings: { a: { path: %/dir } }
    csync2: { binary: ${binary} }
`);
  const hint = '    apt-get install csync2, or set csync2: { binary: … } of the group';
  assert.deepEqual(faults('no-such-csync2'), ['csyncd.yaml:7:23: there is no program no-such-csync2', hint]);
  assert.deepEqual(faults('%/plain'), ['csyncd.yaml:7:23: there is no program %/plain', hint]);
  assert.deepEqual(faults('sh'), ['ok']);
  assert.deepEqual(faults('/bin/sh'), ['ok']);
});

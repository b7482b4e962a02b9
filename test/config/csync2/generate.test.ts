/** The whole csync2.cfg: what stands in it, and that csync2 takes it. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { generateCsync2Config } from '../../../src/config/csync2/generate.ts';
import type { Group } from '../../../src/config/model.ts';
import { makeTempDir } from '../../kit/temp-dir.ts';
import { good } from '../kit.ts';
import { keyFile, listSelected } from './listing.ts';

const folder = makeTempDir();
const root = join(folder, "it's é #;{");
const options = { node: 'web1', csyncd: '/usr/bin/csyncd' };

function group(lines = ''): Group {
  const [only] = good(`
groups:
  web:
    key_file: ${keyFile}
    hosts: [{ name: web1, address: 10.99.0.1 }, { name: web2, address: 'FE80::', role: receive }, web3]
    backend: csync2
    mappings:
      plain: { path: "${root}", exclude: ['.*.swp', cache] }
      moved-1: { path: ${folder}/here, paths: { web3: /mnt/there }, include: [/a] }
    actions:
      - { name: reload, pattern: [conf/, '*.conf'], exec: [systemctl, "re load'", -x], timeout: 5s }
      - { name: note, pattern: [/x], exec: [note], where: origin }
      - { name: all, pattern: [/x], exec: [note, all], where: everywhere }
${lines}`).groups;
  assert.ok(only !== undefined);
  return only;
}

/** Without comments, blank lines and indentation. */
function lines(cfg: string): string[] {
  const all = cfg.split('\n').map((line) => line.trim());
  return all.filter((line) => line !== '' && !line.startsWith('# '));
}

const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

test('a block a mapping, with all that the group says', () => {
  const plain = bytes(root);
  const database = '/var/lib/csyncd/csync2/web';
  const call = (timeout: number, exec: string): string =>
    `exec "/usr/bin/csyncd run-action ${database}/10.99.0.1.db3 ${timeout} moved-1=${folder}/here ${exec}";`;
  const action = (patterns: string, exec: string, where: string[]): string[] => [
    'action {',
    `pattern ${patterns};`,
    exec,
    `logfile "${database}/actions.log";`,
    ...where,
    '}',
  ];
  const head = ['host "10.99.0.1" ("fe80::") "web3";', `key "${keyFile}";`];
  const tail = (dir: string, name: string): string[] => [
    'auto left;',
    `backup-directory "${dir}/.csyncd/csync2-backup";`,
    'backup-generations 2;',
    ...action(
      ['conf/*', '**/conf/*', '*.conf', '**/*.conf'].map((pattern) => `"${name}/${pattern}"`).join(' '),
      call(5000, 'systemctl re%20load%27 %2Dx'),
      [],
    ),
    ...action(`"${name}/x"`, call(60_000, 'note'), ['do-local-only;']),
    ...action(`"${name}/x"`, call(60_000, 'note all'), ['do-local;']),
    '}',
  ];
  const cfg = generateCsync2Config(
    group(
      '    auto: left\n    backup: { generations: 1 }\n    csync2: { no_ssl: true, lock_timeout: 1500ms }\n',
    ),
    options,
  );
  assert.deepEqual(lines(cfg), [
    'nossl * *;',
    'lock-timeout 2;',
    'prefix "moved-1" {',
    `on *: "${folder}/here";`,
    '}',
    'group "web_plain" {',
    ...head,
    'exclude ".*.swp";',
    ...['include', 'exclude', 'exclude', 'exclude'].map(
      (kind, at) => `${kind} "${plain}${['', '/cache', '/**/cache', '/.csyncd'][at] ?? ''}";`,
    ),
    ...tail(plain, plain),
    'group "web_moved-1" {',
    ...head,
    'include "%moved-1%";',
    'exclude "%moved-1%/*";',
    'include "%moved-1%/a";',
    'exclude "%moved-1%/.csyncd";',
    ...tail(`${folder}/here`, '%moved-1%'),
  ]);
});

test('csync2 takes it, with all mappings, some or none', () => {
  for (const dir of [root, join(folder, 'here')]) {
    mkdirSync(dir, { recursive: true });
    for (const name of ['a', 'b', '.x.swp']) writeFileSync(join(dir, name), '');
  }
  const at = (name: string): string => `${bytes(root)}${name}`;
  const listed = (...leaveOut: string[]): string[] => {
    const cfg = generateCsync2Config(group(), { ...options, leaveOut: new Set(leaveOut) });
    return listSelected(cfg, folder, '10.99.0.1');
  };
  const plain = [at(''), at('/a'), at('/b')];
  assert.deepEqual(listed(), ['%moved-1%', '%moved-1%/a', ...plain]);
  assert.deepEqual(listed('plain'), ['%moved-1%', '%moved-1%/a']);
  assert.deepEqual(listed('moved-1'), plain);
  assert.throws(() => listed('plain', 'moved-1'), /is not a member of any configured group/);
});

test('ignored owners', () => {
  const ignoring = group();
  const mappings = ignoring.mappings.map((mapping) => ({ ...mapping, owner: 'ignore' as const }));
  assert.ok(lines(generateCsync2Config({ ...ignoring, mappings }, options)).includes('ignore uid gid;'));
});

test('what cannot be written is an error, not a broken file', () => {
  const [mapping] = group().mappings;
  assert.ok(mapping !== undefined);
  const error = { code: 'csync2-config' };
  for (const odd of [{ path: '/a"b' }, { exclude: ['a/'] }]) {
    const broken = { ...group(), mappings: [{ ...mapping, ...odd }] };
    assert.throws(() => generateCsync2Config(broken, options), error);
  }
});

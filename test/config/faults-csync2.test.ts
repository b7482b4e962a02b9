/** What csync2.cfg cannot say. Every message with its line and column. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inGroup, verdict } from './kit.ts';

test('patterns, each at its place', () => {
  const files = inGroup(`
    backend: csync2
    mappings:
      m:
        path: /srv/m
        exclude: ['*~', 'cache/', '.*.swp', '/a/**/x*y', '!/b/q']
        include: ['/ok', '*.conf', '/site/*/html']
      n: { path: /srv/ab, exclude: ['a*b'] }
      p: { path: /srv/ab, paths: { web1: /p, web2: /q }, exclude: ['a*b'] }
    actions:
      - { name: good, pattern: [conf/, '*.c'], exec: [x] }
      - { name: bad, pattern: [ok, 'a*b'], exec: [x] }
`);
  const crosses = 'has a "*" that would stand for a "/" too, in csync2';
  const writeOut =
    '    csync2 lets every "*" do so where a pattern can match at any depth: write out the names, or the directories';
  const whole = 'csync2 cannot select directories without all that is in them';
  const nameThem = '    name the directories: "/dir/NAME"; wildcards may stand in the last name';
  assert.deepEqual(verdict(files), [
    'csyncd.yaml:9:25: groups.web.mappings.m.exclude[1]: the pattern "cache/" is for directories only, which csync2 cannot tell from files',
    '    leave out the slash at its end: "cache"',
    `csyncd.yaml:9:45: groups.web.mappings.m.exclude[3]: the pattern "/a/**/x*y" ${crosses}`,
    writeOut,
    `csyncd.yaml:10:26: groups.web.mappings.m.include[1]: the pattern "*.conf" may stand in any directory, and ${whole}`,
    nameThem,
    `csyncd.yaml:10:36: groups.web.mappings.m.include[2]: the pattern "/site/*/html" has a wildcard in a directory that leads to it, and ${whole}`,
    nameThem,
    `csyncd.yaml:11:37: groups.web.mappings.n.exclude[0]: the pattern "a*b" matches the mapping's own directory as well, ab`,
    '    write it with the directories that it stands in: "/dir/NAME"',
    `csyncd.yaml:15:36: groups.web.actions[1].pattern[1]: the pattern "a*b" ${crosses}`,
    writeOut,
  ]);
});

test('double quotes in paths', () => {
  const files = `
state_dir: '/s"'
groups:
  web:
    key_file: '/k"'
    hosts: [web1, web2]
    backend: csync2
    csync2: { listener: external }
    mappings:
      m: { path: '/a"b', paths: { web2: '/c"' }, exclude: ['"'] }
  db:
    key_file: /k
    hosts: [web1, web2]
    backend: csync2
    csync2: { port: 1, database_dir: '/d"' }
    mappings: { n: { path: /n } }
`;
  const cannot = 'csync2.cfg cannot hold a path with a double quote';
  assert.deepEqual(
    verdict(files).filter((line) => line !== '    rename it'),
    [
      `csyncd.yaml:1:12: state_dir: ${cannot}`,
      `csyncd.yaml:4:15: groups.web.key_file: ${cannot}`,
      `csyncd.yaml:9:18: groups.web.mappings.m.path: ${cannot}`,
      `csyncd.yaml:9:41: groups.web.mappings.m.paths.web2: ${cannot}`,
      `csyncd.yaml:14:38: groups.db.csync2.database_dir: ${cannot}`,
    ],
  );
});

test('owners ignored in some mappings', () => {
  const owners = (m: string, n: string): string[] =>
    verdict(
      inGroup(`
    backend: csync2
    mappings:
      m: { path: /m, owner: ${m} }
      n: { path: /n, owner: ${n} }
`),
    );
  assert.deepEqual(owners('name', 'ignore'), [
    'csyncd.yaml:8:29: groups.web.mappings.n.owner: csync2 ignores owners in all mappings of a group or in none',
    '    set owner: ignore in all of them or in none, or make two groups',
  ]);
  assert.deepEqual(owners('ignore', 'ignore'), ['ok']);
  assert.deepEqual(owners('name', 'numeric'), ['ok']);
});

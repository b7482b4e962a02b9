import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configHash } from '../../src/config/hash.ts';
import { good } from './kit.ts';

const BASE = `
groups:
  web:
    key_file: /k
    hosts: [web1, web2]
    mappings:
      m: { path: /srv/m, exclude: [a, b] }
`;

function hashOf(yaml: string, host = 'web1'): string {
  const [group] = good(yaml, { host }).groups;
  const mapping = group?.mappings[0];
  assert.ok(group !== undefined && mapping !== undefined);
  return configHash(group, mapping);
}

test('the same file has the same hash on every node', () => {
  assert.match(hashOf(BASE), /^[0-9a-f]{64}$/);
  assert.equal(hashOf(BASE, 'web1'), hashOf(BASE, 'web2'));
});

test('what a node may have of its own does not count', () => {
  const free: [string, string][] = [
    ['web2]', '{ name: web2, address: 10.0.0.2, port: 4000 }]'],
    ['path: /srv/m', 'path: /elsewhere, paths: { web2: /x }'],
    [
      'path: /srv/m',
      'path: /srv/m, delay: 1s, max_delay: 5s, rescan: 2h, durability: relaxed, max_delete: 10%',
    ],
    ['key_file: /k', 'key_file: /other.key\n    backup: { generations: 9 }'],
  ];
  for (const [from, to] of free) assert.equal(hashOf(BASE.replace(from, to)), hashOf(BASE), to);
});

test('what must be the same on all nodes does', () => {
  const bound: [string, string][] = [
    ['[a, b]', '[b, a]'],
    ['[a, b]', '[a]'],
    ['[a, b]', '[a, b], include: [c]'],
    ['[a, b]', '[a, b], owner: numeric'],
    ['key_file: /k', 'key_file: /k\n    auto: older'],
    ['key_file: /k', 'key_file: /k\n    auto: left'],
  ];
  const hashes = bound.map(([from, to]) => hashOf(BASE.replace(from, to)));
  assert.equal(new Set([hashOf(BASE), ...hashes]).size, bound.length + 1);
});

test('the hosts count only where their order decides conflicts: a host may join one node after the other', () => {
  const grown = (yaml: string): string => yaml.replace('[web1, web2]', '[web1, web2, web3]');
  const left = BASE.replace('key_file: /k', 'key_file: /k\n    auto: left');
  assert.equal(hashOf(grown(BASE)), hashOf(BASE));
  assert.notEqual(hashOf(grown(left)), hashOf(left));
  assert.notEqual(hashOf(left.replace('[web1, web2]', '[web2, web1]')), hashOf(left));
});

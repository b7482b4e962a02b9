/** A mass deletion waits for a person, and so does what took the place of the directory that is gone. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { cluster, until } from '../kit/cluster.ts';
import type { ClusterNode } from '../kit/cluster.ts';

const FILES = 150;

async function must(node: ClusterNode, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await node.cli(...args);
  assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
  return stdout;
}

const stateOf = async (node: ClusterNode) => (await node.status())?.groups['web']?.mappings['shared']?.state;
const linkAt = (node: ClusterNode) =>
  fs.lstatSync(node.path('current')).isSymbolicLink() ? fs.readlinkSync(node.path('current')) : null;
const filesAt = (node: ClusterNode) => fs.readdirSync(node.path('current')).length;

/** `current`, a directory of many files, becomes a symlink to a release, and a is held. */
async function swapped(t: TestContext) {
  const made = await cluster(t, { nodes: ['a', 'b'] });
  const { a, b } = made.nodes;
  for (let i = 0; i < FILES; i++) a.put(`current/sub-${i % 3}/f${i}`, `${i}`);
  fs.chmodSync(a.path('current'), 0o750);
  a.put('releases/5/f', 'new');
  await made.converged();
  // At once, so that no part of the deletion is found by itself.
  fs.renameSync(a.path('current'), join(a.place.dir, 'old'));
  a.symlink('releases/5', 'current');
  await until('it is held', async () => (await stateOf(a)) === 'held');
  // All else goes on, and is through before anything is said of what does not.
  for (const node of [a, b]) node.put(`from-${node.name}`, node.name);
  await until('the rest goes on', () => a.exists('from-b') && b.exists('from-a'));
  assert.equal(linkAt(a), 'releases/5');
  assert.deepEqual([linkAt(b), filesAt(b)], [null, 3]);
  return { made, a, b };
}

test('approve sends the deletion, and what took the place of the directory', async (t) => {
  const { made, a, b } = await swapped(t);
  await must(a, 'approve', 'shared');
  await made.converged();
  assert.deepEqual([linkAt(a), linkAt(b)], ['releases/5', 'releases/5']);
  await until('nothing is held', async () => (await stateOf(a)) === 'ok');
  await made.proveEqual();
});

test('approve still does after a restart', async (t) => {
  const { made, a, b } = await swapped(t);
  await a.restart();
  await until('it is held', async () => (await stateOf(a)) === 'held');
  await must(a, 'approve', 'shared');
  await made.converged();
  assert.deepEqual([linkAt(a), linkAt(b)], ['releases/5', 'releases/5']);
});

test('reject puts the directory back as it was, and keeps what took its place in the backup', async (t) => {
  const { made, a, b } = await swapped(t);
  await must(a, 'reject', 'shared');
  await made.converged();
  for (const node of [a, b]) {
    assert.deepEqual([linkAt(node), filesAt(node)], [null, 3]);
    assert.equal(fs.statSync(node.path('current')).mode & 0o777, 0o750);
  }
  const kept = (await a.cli('backups', 'list', a.path('current'), '--json')).json;
  assert.equal(Array.isArray(kept) && kept.length, 1);
  await until('nothing is held', async () => (await stateOf(a)) === 'ok');
  await made.proveEqual();
});

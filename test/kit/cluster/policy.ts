/** An `auto` of the engine at work: three nodes change the same files while they do not see each other. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import type { TestContext } from 'node:test';
import { cluster, until, type ClusterNode } from '../cluster.ts';
import { apart, backupsOf, type Name, type Three } from './apart.ts';

/** Who wins before whom when c, a and b edit in this order, with the sizes and times below. */
const RANKS = {
  younger: ['a', 'c', 'b'],
  older: ['b', 'c', 'a'],
  bigger: ['b', 'c', 'a'],
  smaller: ['a', 'c', 'b'],
  left: ['a', 'b', 'c'],
  right: ['c', 'b', 'a'],
  first: ['c', 'a', 'b'],
} as const satisfies Readonly<Record<string, readonly [Name, Name, Name]>>;
export const CONTENT: Readonly<Record<Name, string>> = { c: 'cc', a: 'a', b: 'bbb' };
const MTIME_S: Readonly<Record<Name, number>> = { c: 2_000_000, a: 3_000_000, b: 1_000_000 };
export const NAMES: readonly Name[] = ['a', 'b', 'c'];

/** On all three at once: a new file, an old one that b deletes, a file against a directory on a, and one that is equal. */
export async function changeApart(made: Three): Promise<void> {
  made.nodes.b.put('doomed', 'from before');
  await made.converged();
  const change = (name: Name) => (node: ClusterNode) => {
    edit(node, name, 'new.txt');
    if (name === 'b') node.remove('doomed');
    else edit(node, name, 'doomed');
    edit(node, name, name === 'a' ? 'kind/inside' : 'kind');
    node.put('same', 'the same everywhere');
    fs.utimesSync(node.path('same'), 1_000_000, 1_000_000);
  };
  await apart(made, { c: change('c'), a: change('a'), b: change('b') });
}

function edit(node: ClusterNode, name: Name, path: string): void {
  node.put(path, CONTENT[name]);
  fs.utimesSync(node.path(path), MTIME_S[name], MTIME_S[name]);
}

/** What a node lost is in its own backup, told with the node whose change took its place: one of `by`. */
export async function assertKept(
  made: Three,
  name: Name,
  path: string,
  by: readonly string[] = NAMES.filter((other) => other !== name),
): Promise<string> {
  const backups = await backupsOf(made.nodes[name], path);
  const found = backups.find(({ size }) => size === CONTENT[name].length);
  assert.ok(found !== undefined, `${name} keeps its ${path}: ${JSON.stringify(backups)}`);
  assert.ok(by.includes(found.node), `${path}: by ${found.node}`);
  return found.version;
}

async function restore(made: Three, name: Name, path: string, version: string): Promise<void> {
  const node = made.nodes[name];
  const { code, stderr } = await node.cli('backups', 'restore', node.path(path), '--version', version);
  assert.equal(code, 0, stderr);
  await until(`${name} has its ${path} again`, () => node.read(path) === CONTENT[name]);
  await made.converged();
  assert.equal(node.read(path), CONTENT[name]);
}

/** The same winner on all, the losers in the backup. */
export async function policyDecides(t: TestContext, policy: keyof typeof RANKS): Promise<void> {
  const ranks: readonly [Name, Name, Name] = RANKS[policy];
  const made = await cluster(t, { nodes: NAMES, group: { auto: policy } });
  const { a } = made.nodes;
  await changeApart(made);
  await made.converged();

  await t.test('of three edits', async () => {
    const [winner, ...losers] = ranks;
    assert.equal(a.read('new.txt'), CONTENT[winner]);
    const kept = new Map<Name, string>();
    for (const name of losers) kept.set(name, await assertKept(made, name, 'new.txt'));
    for (const [name, version] of kept) await restore(made, name, 'new.txt', version);
  });

  await t.test('of two edits and a deletion, which loses', async () => {
    const [winner, loser] = ranks.filter((name) => name !== 'b');
    assert.ok(winner !== undefined && loser !== undefined);
    assert.equal(a.read('doomed'), CONTENT[winner]);
    await assertKept(made, loser, 'doomed');
  });

  await t.test('of two files and a directory with content, which wins', async () => {
    assert.equal(a.read('kind/inside'), CONTENT.a);
    for (const name of ['b', 'c'] as const) await assertKept(made, name, 'kind');
  });

  await t.test('and equal content is no conflict', async () => {
    assert.deepEqual((await a.cli('conflicts', 'list', '--json')).json, []);
    for (const node of made.all) assert.deepEqual(await backupsOf(node, 'same'), []);
  });

  await t.test('and all nodes agree that they are equal', () => made.proveEqual());
}

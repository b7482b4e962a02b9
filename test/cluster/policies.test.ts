import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { cluster, until } from '../kit/cluster.ts';
import type { ClusterNode } from '../kit/cluster.ts';
import { apart, backupsOf } from '../kit/cluster/apart.ts';
import type { Name, Three } from '../kit/cluster/apart.ts';

/** Who wins before whom when c, a and b edit in this order, with the sizes and times below. */
const RANKS: Readonly<Record<string, readonly [Name, Name, Name]>> = {
  younger: ['a', 'c', 'b'],
  older: ['b', 'c', 'a'],
  bigger: ['b', 'c', 'a'],
  smaller: ['a', 'c', 'b'],
  left: ['a', 'b', 'c'],
  right: ['c', 'b', 'a'],
  first: ['c', 'a', 'b'],
};
const CONTENT: Readonly<Record<Name, string>> = { c: 'cc', a: 'a', b: 'bbb' };
const MTIME_S: Readonly<Record<Name, number>> = { c: 2_000_000, a: 3_000_000, b: 1_000_000 };
const NAMES: readonly Name[] = ['a', 'b', 'c'];

/** On all three at once: a new file, an old one that b deletes, a file against a directory on a, and one that is equal. */
async function changeApart(made: Three): Promise<void> {
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
async function assertKept(
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

for (const [policy, ranks] of Object.entries(RANKS)) {
  test(`${policy}: the same winner on all, the losers in the backup`, async (t) => {
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
  });
}

interface Conflict {
  readonly path: string;
  readonly versions: readonly { readonly node: string; readonly deleted: boolean }[];
}

async function conflictsOn(node: ClusterNode): Promise<readonly Conflict[]> {
  return (await node.cli('conflicts', 'list', '--json')).json as Conflict[];
}

test('none: nobody loses a byte until a person decides', async (t) => {
  const made = await cluster(t, { nodes: NAMES, group: { auto: 'none' } });
  const { a, b, c } = made.nodes;
  await changeApart(made);
  const before = made.all.map((node) => node.tree('shared'));

  await t.test('all see the same conflicts, with every version and its author', async () => {
    for (const node of made.all) {
      await until(`${node.name} knows all conflicts`, async () => {
        const conflicts = await conflictsOn(node);
        return conflicts.length === 3 && conflicts.every(({ versions }) => versions.length === 3);
      });
      for (const { path, versions } of await conflictsOn(node)) {
        assert.deepEqual(versions.map((version) => version.node).sort(), NAMES, path);
        const deleted = versions.filter((version) => version.deleted).map((version) => version.node);
        assert.deepEqual(deleted, path === 'doomed' ? ['b'] : [], path);
      }
    }
  });

  await t.test('and keep what they have, while other files go on', async () => {
    a.put('marker', 'after the conflicts were exchanged');
    await until('the marker is on all', () => made.all.every((node) => node.exists('marker')));
    a.remove('marker');
    await until('the marker is nowhere', () => !made.all.some((node) => node.exists('marker')));
    assert.deepEqual(
      made.all.map((node) => node.tree('shared')),
      before,
    );
  });

  await t.test('the one that is kept goes to all, the others to the backup', async () => {
    const resolve = async (path: string, keep: Name) => {
      const { code, stderr } = await c.cli('conflicts', 'resolve', c.path(path), '--keep', keep);
      assert.equal(code, 0, stderr);
    };
    await resolve('new.txt', 'b');
    await resolve('doomed', 'c');
    await resolve('kind', 'a');
    await made.converged();
    assert.equal(a.read('new.txt'), CONTENT.b);
    assert.equal(b.read('doomed'), CONTENT.c);
    assert.equal(c.read('kind/inside'), CONTENT.a);
    // The decision is a change of the node where it was made.
    const lost = { a: ['new.txt', 'doomed'], b: ['kind'], c: ['new.txt', 'kind'] } as const;
    for (const name of NAMES) for (const path of lost[name]) await assertKept(made, name, path, ['c']);
    for (const node of made.all) assert.deepEqual(await conflictsOn(node), []);
  });

  await t.test('and all nodes agree that they are equal', () => made.proveEqual());
});

test('keep-both: the loser is there too, under a name of its own that tells its author', async (t) => {
  const made = await cluster(t, { nodes: NAMES, group: { auto: 'keep-both' } });
  const { a } = made.nodes;
  await changeApart(made);
  await made.converged();
  assert.equal(a.read('new.txt'), CONTENT.a);
  assert.equal(a.read('doomed'), CONTENT.a);
  assert.equal(a.read('kind/inside'), CONTENT.a);
  await made.settled();
  await made.converged();
  const copies = fs.readdirSync(a.root).flatMap((name) => {
    const [, stem = '', author = ''] = /^(.+)\.csyncd-conflict-(\w+)-/.exec(name) ?? [];
    return stem === '' ? [] : [`${stem} of ${author}: ${a.read(name)}`];
  });
  const expected = ['doomed of c', 'kind of b', 'kind of c', 'new of b', 'new of c'];
  assert.deepEqual(
    copies.sort(),
    expected.map((copy) => `${copy}: ${CONTENT[copy.endsWith('b') ? 'b' : 'c']}`),
  );
  await made.proveEqual();
});

/** Every `auto` of the engine on files that three nodes change apart; policies.slow.ts has those that are left out here. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { cluster, until } from '../kit/cluster.ts';
import type { ClusterNode } from '../kit/cluster.ts';
import type { Name } from '../kit/cluster/apart.ts';
import { assertKept, changeApart, CONTENT, NAMES, policyDecides } from '../kit/cluster/policy.ts';

for (const policy of ['younger', 'first'] as const)
  test(`${policy}: the same winner on all, the losers in the backup`, (t) => policyDecides(t, policy));

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

import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { cluster, until } from '../kit/cluster.ts';
import type { Cluster, ClusterNode } from '../kit/cluster.ts';

type Three = Cluster<'a' | 'b' | 'c'>;
type Winner = 'a' | 'b' | 'c';

/** Who wins when c, a and b edit in this order, with the sizes and times below. */
const WINNERS: Readonly<Record<string, Winner>> = {
  younger: 'a',
  older: 'b',
  bigger: 'b',
  smaller: 'a',
  left: 'a',
  right: 'c',
  first: 'c',
};
const EDITS = [
  { node: 'c', content: 'cc', mtime: 2_000_000 },
  { node: 'a', content: 'a', mtime: 3_000_000 },
  { node: 'b', content: 'bbb', mtime: 1_000_000 },
] as const;

/** Each node apart from the others, changed there, and together again. */
async function apart(
  made: Three,
  changes: Readonly<Partial<Record<Winner, (node: ClusterNode) => void>>>,
): Promise<void> {
  made.partition(['a'], ['b'], ['c']);
  for (const [name, change] of Object.entries(changes)) {
    const node = made.nodes[name as Winner];
    change(node);
    await seen(node);
  }
  made.healAll();
}

/** Returns when the node has taken up what was changed on its disk. */
async function seen(node: ClusterNode): Promise<void> {
  const { code, stderr } = await node.cli('sync');
  assert.equal(code, 0, stderr);
}

async function editApart(made: Three, path: string): Promise<void> {
  const edit = (index: number) => (node: ClusterNode) => {
    const { content = '', mtime = 0 } = EDITS[index] ?? {};
    node.put(path, content);
    fs.utimesSync(node.path(path), mtime, mtime);
  };
  await apart(made, { c: edit(0), a: edit(1), b: edit(2) });
}

interface Backup {
  readonly path: string;
  readonly version: string;
  readonly size: number;
  /** whose change took its place */
  readonly node: string;
}

async function backupsOf(node: ClusterNode, path: string): Promise<Backup[]> {
  const { json, code, stderr } = await node.cli('backups', 'list', node.path(path), '--json');
  assert.equal(code, 0, stderr);
  return json as Backup[];
}

for (const [policy, winner] of Object.entries(WINNERS)) {
  test(`${policy}: the same winner on all, the losers in the backup`, async (t) => {
    const made = await cluster(t, { nodes: ['a', 'b', 'c'], group: { auto: policy } });
    await editApart(made, 'new');
    await made.converged();
    const content = EDITS.find(({ node }) => node === winner)?.content;
    assert.equal(made.nodes.a.read('new'), content);
    const losers = EDITS.filter(({ node }) => node !== winner);
    const kept = await Promise.all(losers.map(({ node }) => backupsOf(made.nodes[node], 'new')));
    for (const [index, { node, content }] of losers.entries()) {
      const loser = made.nodes[node];
      const backup = kept[index]?.find(({ size }) => size === content.length);
      assert.ok(backup !== undefined, `${node} keeps what it lost`);
      assert.notEqual(backup.node, node);
      const restored = await loser.cli('backups', 'restore', loser.path('new'), '--version', backup.version);
      assert.equal(restored.code, 0, restored.stderr);
      await until(`${node} has its version again`, () => loser.read('new') === content);
      await made.converged();
      assert.equal(loser.read('new'), content);
    }
    await made.proveEqual();
  });
}

test('what is no conflict, and what survives one, under the default policy', async (t) => {
  const made = await cluster(t, { nodes: ['a', 'b', 'c'] });
  const { a, c } = made.nodes;
  const conflicts = async () => (await a.cli('conflicts', 'list', '--json')).json;

  await t.test('equal content written on all is no conflict', async () => {
    const same = (node: ClusterNode) => {
      node.put('same', 'the same everywhere');
      fs.utimesSync(node.path('same'), 1_000_000, 1_000_000);
    };
    await apart(made, { a: same, b: same, c: same });
    await made.converged();
    assert.deepEqual(await conflicts(), []);
    assert.deepEqual(await backupsOf(a, 'same'), []);
  });

  await t.test('an edit survives a concurrent deletion', async () => {
    a.put('edited', 'old');
    await made.converged();
    await apart(made, {
      a: (node) => node.remove('edited'),
      b: (node) => node.put('edited', 'new'),
      c: (node) => node.remove('edited'),
    });
    await made.converged();
    assert.equal(c.read('edited'), 'new');
  });

  await t.test('a file created in a directory that is deleted elsewhere revives the directory', async () => {
    a.put('dir/sub/old', 'old');
    await made.converged();
    await apart(made, { a: (node) => node.remove('dir'), b: (node) => node.put('dir/sub/new', 'new') });
    await made.converged();
    assert.equal(c.read('dir/sub/new'), 'new');
    assert.ok(!c.exists('dir/sub/old'));
  });

  await t.test(
    'a directory with content survives a file of the same name, which is in the backup',
    async () => {
      await apart(made, {
        a: (node) => node.put('kind', 'a file'),
        b: (node) => node.put('kind/inside', 'below'),
      });
      await made.converged();
      assert.equal(a.read('kind/inside'), 'below');
      assert.equal((await backupsOf(a, 'kind')).length, 1);
    },
  );

  await t.test('three edits of one file at once: one wins everywhere', async () => {
    a.put('busy', 'start');
    await made.converged();
    for (let round = 0; round < 10; round++)
      for (const node of made.all) node.put('busy', `${node.name} ${round}`);
    await made.converged();
    assert.match(a.read('busy') ?? '', /^[abc] 9$/);
  });

  await t.test('and all nodes agree that they are equal', () => made.proveEqual());
});

test('none: nobody loses a byte until a person decides', async (t) => {
  const made = await cluster(t, { nodes: ['a', 'b', 'c'], group: { auto: 'none' } });
  const { a, b, c } = made.nodes;
  await editApart(made, 'file');
  await made.connected();
  a.put('marker', 'after the conflict was exchanged');
  await a.cli('sync', '--wait', '--timeout', '60s');
  for (const { node, content } of EDITS) assert.equal(made.nodes[node].read('file'), content);
  const { json } = await b.cli('conflicts', 'list', '--json');
  const [conflict] = json as { path: string; versions: { node: string }[] }[];
  assert.equal(conflict?.path, 'file');
  assert.deepEqual(conflict.versions.map(({ node }) => node).sort(), ['a', 'b', 'c']);
  assert.equal((await c.cli('conflicts', 'resolve', c.path('file'), '--keep', 'b')).code, 0);
  await made.converged();
  assert.equal(a.read('file'), 'bbb');
  assert.equal((await backupsOf(a, 'file')).length, 1);
  await made.proveEqual();
});

test('keep-both: the loser is there too, under a name of its own', async (t) => {
  const made = await cluster(t, { nodes: ['a', 'b', 'c'], group: { auto: 'keep-both' } });
  const { a } = made.nodes;
  await editApart(made, 'file.txt');
  await made.converged();
  assert.equal(a.read('file.txt'), 'a');
  await made.settled();
  await made.converged();
  const copies = fs.readdirSync(a.root).filter((name) => name.includes('csyncd-conflict'));
  assert.deepEqual(new Set(copies.map((name) => a.read(name))), new Set(['bbb', 'cc']));
  await made.proveEqual();
});

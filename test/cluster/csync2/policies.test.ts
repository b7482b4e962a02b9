/** Every `auto` of csync2, on files that two nodes change while they do not see each other; and what a person decides. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { until, type ClusterNode } from '../../kit/cluster.ts';
import { csync2Cluster, type Csync2Cluster } from '../../kit/csync2/cluster.ts';
import { bothOwe } from '../../kit/csync2/conflicts.ts';
import { policyDecides } from '../../kit/csync2/policy.ts';

interface Conflict {
  readonly path: string;
  readonly versions: readonly { readonly node: string; readonly size: number; readonly deleted: boolean }[];
}

test('auto: younger', (t) => policyDecides(t, 'younger'));

test('auto: none leaves both as they are, lists the conflict, and a person decides', async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b'], group: { auto: 'none' } });
  const { a, b } = made.nodes;
  for (const name of ['one', 'two']) a.put(name, 'base');
  await made.converged();
  await made.settled();
  made.cut('a', 'b');
  for (const name of ['one', 'two']) {
    a.put(name, `a's ${name}`);
    b.put(name, `b's ${name}, longer`);
  }
  await bothOwe(made.nodes, 2);
  made.heal('a', 'b');
  const conflicts = async () =>
    ((await a.cli('conflicts', 'list', '--json')).json ?? []) as readonly Conflict[];
  await until('a lists both', async () => (await conflicts()).length === 2);
  const listed = await conflicts();
  assert.deepEqual(listed.map(({ path }) => path).sort(), ['one', 'two']);
  assert.deepEqual(listed[0]?.versions.map(({ node }) => node).sort(), ['a', 'b']);
  assert.equal((await a.cli('status')).code, 1);
  assert.equal(a.read('one'), "a's one");
  assert.equal(b.read('one'), "b's one, longer");

  const own = await a.cli('conflicts', 'resolve', 'shared:one', '--keep', 'a');
  assert.equal(own.code, 0, own.stderr);
  await until("b has a's version", () => b.read('one') === "a's one");
  const other = await a.cli('conflicts', 'resolve', 'shared:two', '--keep', 'b');
  assert.equal(other.code, 0, other.stderr);
  await until("a has b's version", () => a.read('two') === "b's two, longer");
  await until('none is listed any more', async () => (await conflicts()).length === 0);
  await made.proveEqual();
});

/** `f` was changed on both nodes, and `a` lists it. */
async function conflicting(t: TestContext): Promise<Csync2Cluster<'a' | 'b'>> {
  const made = await csync2Cluster(t, { nodes: ['a', 'b'], group: { auto: 'none' } });
  const { a, b } = made.nodes;
  a.put('f', 'base');
  await made.converged();
  await made.settled();
  made.cut('a', 'b');
  a.put('f', "a's");
  b.put('f', "b's, longer");
  await bothOwe(made.nodes, 1);
  made.heal('a', 'b');
  await until('a lists it', async () => (await conflictsAt(a)) === 1);
  return made;
}

async function conflictsAt(node: ClusterNode): Promise<number> {
  return ((await node.cli('conflicts', 'list', '--json')).json as readonly unknown[]).length;
}

test('a decision holds although the other node tries to send its version first', async (t) => {
  const made = await conflicting(t);
  const { a, b } = made.nodes;
  // Nothing goes out, while b sends as before.
  assert.equal((await a.cli('pause', '--peer', 'b')).code, 0);
  const { code, stderr } = await a.cli('conflicts', 'resolve', 'shared:f', '--keep', 'a');
  assert.equal(code, 0, stderr);
  made.runs();
  let tries = 0;
  const waiting = b.cli('sync', '--wait', '--timeout', '60s');
  await until('b has tried', () => {
    tries += made.runs().filter(({ node, kind }) => node === 'b' && kind === 'update').length;
    return tries > 1;
  });
  await a.restart();
  assert.equal((await a.cli('resume', '--peer', 'b')).code, 0);
  await until("b has a's version", () => b.read('f') === "a's");
  assert.equal((await waiting).code, 0);
  await until('none is listed any more', async () => (await conflictsAt(a)) === 0);
  await made.proveEqual();
});

/** What csync2 does at a node when another one sends what it found owed there: it owes the file anew. */
async function owedAnew(made: Csync2Cluster<'a' | 'b'>, node: ClusterNode, name: string): Promise<void> {
  const systemDir = join(node.place.stateDir, 'csync2', 'web');
  const args = ['-N', made.address(node.name as 'a' | 'b'), '-D', systemDir, '-m', node.path(name)];
  await promisify(execFile)('csync2', args, { env: { ...process.env, CSYNC2_SYSTEM_DIR: systemDir } });
}

async function decidedForB(t: TestContext): Promise<Csync2Cluster<'a' | 'b'>> {
  const made = await conflicting(t);
  const { a, b } = made.nodes;
  // Its version does not come before it is owed here anew.
  assert.equal((await b.cli('pause', '--peer', 'a')).code, 0);
  const { code, stderr } = await a.cli('conflicts', 'resolve', 'shared:f', '--keep', 'b');
  assert.equal(code, 0, stderr);
  await a.stop();
  assert.equal(a.read('f'), "a's");
  await owedAnew(made, a, 'f');
  return made;
}

test('a decision for the other version holds although csync2 owes the own one anew', async (t) => {
  const made = await decidedForB(t);
  const { a, b } = made.nodes;
  await a.start();
  assert.equal((await b.cli('resume', '--peer', 'a')).code, 0);
  await until("a has b's version", () => a.read('f') === "b's, longer");
  await made.converged();
  assert.equal(await conflictsAt(a), 0);
  await until('b lists none any more', async () => (await conflictsAt(b)) === 0);
  await made.proveEqual();
});

test('a decision for the other version does not cost a newer edit', async (t) => {
  const made = await decidedForB(t);
  const { a, b } = made.nodes;
  a.put('f', 'newer, of a');
  await a.start();
  assert.equal((await b.cli('resume', '--peer', 'a')).code, 0);
  await until('a lists it', async () => (await conflictsAt(a)) === 1);
  assert.equal(a.read('f'), 'newer, of a');
  assert.equal(b.read('f'), "b's, longer");
});

test('what a peer replaced is kept, and can be restored', async (t) => {
  const made = await csync2Cluster(t, {
    nodes: ['a', 'b'],
    group: { backup: { generations: 3, keep: '1d' } },
  });
  const { a, b } = made.nodes;
  a.put('dir/f', 'first');
  await made.converged();
  a.put('dir/f', 'second, longer');
  await until('b has it', () => b.read('dir/f') === 'second, longer');
  const list = await b.cli('backups', 'list', '--json');
  const [kept] = list.json as readonly {
    readonly path: string;
    readonly version: string;
    readonly size: number;
  }[];
  assert.equal(kept?.path, 'dir/f');
  assert.equal(kept.size, 5);
  const restored = await b.cli('backups', 'restore', 'shared:dir/f', '--version', kept.version);
  assert.equal(restored.code, 0, restored.stderr);
  await until('a has it back', () => a.read('dir/f') === 'first');
  await made.proveEqual();
});

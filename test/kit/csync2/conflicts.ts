/** Many files, each changed on two nodes that do not see each other. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import type { TestContext } from 'node:test';
import { until, type ClusterNode } from '../cluster.ts';
import { csync2Cluster, type Csync2Cluster } from './cluster.ts';

interface Conflict {
  readonly path: string;
  readonly versions: readonly { readonly node: string }[];
}

const OLD = 1_700_000_000;
/** The daemon answers although it decides: what takes longer is no answer, on the busiest machine. */
const ANSWER_MS = 10_000;

const namesOf = (count: number): string[] => Array.from({ length: count }, (_, at) => `many/${at}`);

/** Every second file is younger on `b`. */
async function changedApart(
  t: TestContext,
  auto: 'younger' | 'none',
  count: number,
): Promise<Csync2Cluster<'a' | 'b'>> {
  const made = await csync2Cluster(t, { nodes: ['a', 'b'], group: { auto } });
  const { a, b } = made.nodes;
  for (const name of namesOf(count)) a.put(name, 'base');
  await made.converged();
  await made.settled();
  made.cut('a', 'b');
  for (const [at, name] of namesOf(count).entries()) {
    a.put(name, 'of a');
    fs.utimesSync(a.path(name), OLD, OLD);
    b.put(name, 'of b, longer');
    const time = OLD + (at % 2 === 0 ? 1000 : -1000);
    fs.utimesSync(b.path(name), time, time);
  }
  await bothOwe(made.nodes, count);
  made.heal('a', 'b');
  return made;
}

/** Waits until each of two nodes that do not see each other owes the other so many files. */
export async function bothOwe(
  { a, b }: Readonly<Record<'a' | 'b', ClusterNode>>,
  files: number,
): Promise<void> {
  for (const [node, peer] of [
    [a, 'b'],
    [b, 'a'],
  ] as const) {
    await until(
      `${node.name} owes its versions`,
      async () => ((await node.status())?.groups['web']?.peers[peer]?.pending_files ?? 0) === files,
    );
  }
}

/** A policy decides all of them. */
export async function policyDecidesMany(t: TestContext, count: number): Promise<void> {
  const made = await changedApart(t, 'younger', count);
  const { a, b } = made.nodes;
  const isDecided = (): boolean =>
    namesOf(count).every((name, at) => {
      const winner = at % 2 === 0 ? 'of b, longer' : 'of a';
      return a.read(name) === winner && b.read(name) === winner;
    });
  await until('all are decided', async () => {
    for (const node of made.all) await answers(node);
    return isDecided();
  });
  await made.proveEqual();
  for (const node of made.all)
    await until(`${node.name} lists none`, async () => (await conflictsAt(node)).length === 0);
}

/** Nobody decides but a person, for all at once. */
export async function personDecidesMany(t: TestContext, count: number): Promise<void> {
  const made = await changedApart(t, 'none', count);
  const { a, b } = made.nodes;
  await until('all are listed', async () => {
    await answers(a);
    return (await conflictsAt(a)).length === count;
  });
  for (const { path, versions } of await conflictsAt(a))
    assert.deepEqual(versions.map(({ node }) => node).sort(), ['a', 'b'], path);
  assert.ok(namesOf(count).every((name) => a.read(name) === 'of a' && b.read(name) === 'of b, longer'));
  // A peer that does not answer is waited for once, not once a file.
  made.cut('a', 'b');
  const start = performance.now();
  assert.equal((await conflictsAt(a)).length, count);
  assert.ok(performance.now() - start < 4 * ANSWER_MS, 'it waited for the peer again and again');
  made.heal('a', 'b');
  await made.connected();
  const resolved = a.cli('conflicts', 'resolve', 'shared:many', '--keep', 'newest');
  let isOver = false;
  const ended = resolved.finally(() => (isOver = true));
  await until('it is resolved', async () => {
    await answers(a);
    return isOver;
  });
  const { code, stderr } = await ended;
  assert.equal(code, 0, stderr);
  await made.converged();
  for (const [at, name] of namesOf(count).entries())
    assert.equal(a.read(name), at % 2 === 0 ? 'of b, longer' : 'of a', name);
  await made.proveEqual();
  for (const node of made.all)
    await until(`${node.name} lists none any more`, async () => (await conflictsAt(node)).length === 0);
}

async function conflictsAt(node: ClusterNode): Promise<readonly Conflict[]> {
  const { json, code, stderr } = await node.cli('conflicts', 'list', '--json');
  assert.equal(code, 0, stderr);
  return json as readonly Conflict[];
}

async function answers(node: ClusterNode): Promise<void> {
  const start = performance.now();
  assert.ok((await node.status()) !== null, `${node.name} does not answer`);
  const ms = performance.now() - start;
  assert.ok(ms < ANSWER_MS, `${node.name} answers after ${Math.trunc(ms)} ms`);
}

/** Daemons of the engine that are killed in the middle of a transfer. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { cluster, until, type ClusterNode } from '../cluster.ts';

/** A node that had got all files by the moment it died was not in the middle: that kill does not count. */
const ATTEMPTS_A_KILL = 3;
/** Written before each kill. */
const MORE = 500;

const pathOf = (i: number) => `dir-${i % 50}/file-${i}`;
const contentOf = (i: number) => `file ${i}\n`.repeat(i % 200);

/**
 * Three nodes write files; one after the other is killed while it gets those of the others. Nothing is lost and nothing
 * left.
 */
export async function killedInTheMiddle(t: TestContext, kills: number): Promise<void> {
  const made = await cluster(t, { nodes: ['a', 'b', 'c'] });
  let written = 0;
  let killed = 0;
  for (let attempt = 0; killed < kills; attempt++) {
    assert.ok(attempt < kills * ATTEMPTS_A_KILL, `killed in the middle only ${killed} times`);
    const victim = made.all[attempt % 3] ?? made.nodes.a;
    const before = filesOn(victim);
    const own = Array.from({ length: MORE }, (_, i) => written + i).filter((i) => i % 3 === attempt % 3);
    for (const end = written + MORE; written < end; written++)
      made.all[written % 3]?.put(pathOf(written), contentOf(written));
    await until('some files have come', () => filesOn(victim) > before + own.length);
    await victim.kill9();
    if (filesOn(victim) < written) killed++;
    await victim.start();
  }
  t.diagnostic(`${written} files`);
  await made.converged();
  for (const node of made.all) {
    assert.equal(filesOn(node), written);
    for (let i = 0; i < written; i++) assert.equal(node.read(pathOf(i)), contentOf(i));
  }
  await made.proveEqual();
}

function filesOn(node: ClusterNode): number {
  const tree = node.tree('shared', { fresh: false }) ?? new Map<string, string>();
  return [...tree.values()].filter((what) => what.startsWith('file ')).length;
}

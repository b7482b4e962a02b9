import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cluster, until } from '../kit/cluster.ts';
import type { ClusterNode } from '../kit/cluster.ts';

const FILES = 5000;
const KILLS = 10;

test('killed in the middle of 5,000 files, ten times in a row: nothing is lost and nothing left', async (t) => {
  const made = await cluster(t, { nodes: ['a', 'b', 'c'] });
  const content = (i: number) => `file ${i}\n`.repeat(i % 200);
  let written = 0;
  const write = (upTo: number) => {
    for (; written < upTo; written++) {
      made.all[written % 3]?.put(`dir-${written % 50}/file-${written}`, content(written));
    }
  };
  for (let kill = 0; kill < KILLS; kill++) {
    const [victim, other] = [made.all[kill % 3], made.all[(kill + 1) % 3]];
    assert.ok(victim !== undefined && other !== undefined);
    write(((kill + 1) * FILES) / KILLS);
    const before = entries(other);
    await until('some files have come', () => entries(other) > before || entries(other) >= written);
    await victim.kill9();
    await victim.start();
  }
  await made.converged();
  for (let i = 0; i < FILES; i++) assert.equal(made.nodes.b.read(`dir-${i % 50}/file-${i}`), content(i));
  await made.proveEqual();
});

function entries(node: ClusterNode): number {
  return node.tree('shared', { fresh: false })?.size ?? 0;
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cluster, until } from '../kit/cluster.ts';
import type { ClusterNode } from '../kit/cluster.ts';

const FILES = 5000;
const KILLS = 10;
/** A node that had got all files by the moment it died was not in the middle: that kill does not count. */
const KILLS_AT_MOST = 30;
const MORE = FILES / KILLS;

const pathOf = (i: number) => `dir-${i % 50}/file-${i}`;
const contentOf = (i: number) => `file ${i}\n`.repeat(i % 200);

test('killed in the middle of 5,000 files, ten times in a row: nothing is lost and nothing left', async (t) => {
  const made = await cluster(t, { nodes: ['a', 'b', 'c'] });
  let written = 0;
  let kills = 0;
  for (let attempt = 0; kills < KILLS; attempt++) {
    assert.ok(attempt < KILLS_AT_MOST, `killed in the middle only ${kills} times`);
    const victim = made.all[attempt % 3] ?? made.nodes.a;
    const before = filesOn(victim);
    const own = Array.from({ length: MORE }, (_, i) => written + i).filter((i) => i % 3 === attempt % 3);
    for (const end = written + MORE; written < end; written++)
      made.all[written % 3]?.put(pathOf(written), contentOf(written));
    await until('some files have come', () => filesOn(victim) > before + own.length);
    await victim.kill9();
    if (filesOn(victim) < written) kills++;
    await victim.start();
  }
  assert.ok(written >= FILES);
  t.diagnostic(`${written} files`);
  await made.converged();
  for (const node of made.all) {
    assert.equal(filesOn(node), written);
    for (let i = 0; i < written; i++) assert.equal(node.read(pathOf(i)), contentOf(i));
  }
  await made.proveEqual();
});

function filesOn(node: ClusterNode): number {
  const tree = node.tree('shared', { fresh: false }) ?? new Map<string, string>();
  return [...tree.values()].filter((what) => what.startsWith('file ')).length;
}

import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { cluster } from '../kit/cluster.ts';
import type { ClusterNode } from '../kit/cluster.ts';
import { backupsOf } from '../kit/cluster/apart.ts';

test('trees that were there before the first start are merged: nothing is deleted, no loser is lost', async (t) => {
  const made = await cluster(t, {
    nodes: ['a', 'b', 'c'],
    before: ({ a, b, c }) => {
      for (const node of [a, b, c]) {
        for (let i = 0; i < 200; i++) {
          node.put(`common/${i}`, `the same ${i}`);
          fs.utimesSync(node.path(`common/${i}`), 1_000_000, 1_000_000);
        }
        node.put(`only-on-${node.name}/file`, node.name);
        node.put('differs', `as ${node.name} has it`);
      }
      fs.utimesSync(a.path('differs'), 1_000_000, 1_000_000);
      fs.utimesSync(b.path('differs'), 3_000_000, 3_000_000);
      fs.utimesSync(c.path('differs'), 2_000_000, 2_000_000);
      c.put('kind', 'a file');
      b.put('kind/inside', 'a directory');
    },
  });
  const { a, b, c } = made.nodes;
  await made.converged();
  for (const name of ['a', 'b', 'c']) assert.equal(b.read(`only-on-${name}/file`), name);
  assert.equal(a.read('differs'), 'as b has it');
  assert.equal(a.read('kind/inside'), 'a directory');
  for (const node of [a, c]) {
    assert.ok(bytesKept(node).includes(`as ${node.name} has it`), `${node.name} keeps its own version`);
    assert.ok((await backupsOf(node, 'differs')).length >= 1);
  }
  assert.equal((await backupsOf(c, 'kind')).length, 1);
  assert.ok(bytesKept(c).includes('a file'));
  for (const node of made.all) assert.deepEqual(await backupsOf(node, 'common'), []);
  await made.proveEqual();
});

/** What the files in a node's backup hold. */
function bytesKept(node: ClusterNode): string[] {
  const dir = node.path('.csyncd/backup');
  return fs.readdirSync(dir).map((name) => fs.readFileSync(`${dir}/${name}`, 'utf8'));
}

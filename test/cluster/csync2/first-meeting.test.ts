/** Nodes whose csync2 knows nothing yet meet: nothing is overwritten but by the policy. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { until } from '../../kit/cluster.ts';
import { csync2Cluster } from '../../kit/csync2/cluster.ts';

test('files that are there already go to all, the younger of two wins', async (t) => {
  const made = await csync2Cluster(t, {
    nodes: ['a', 'b', 'c'],
    before: ({ a, b, c }) => {
      a.put('only-a', 'a');
      b.put('dir/only-b', 'b');
      for (const [node, time] of [
        [a, 1_700_000_000],
        [b, 1_700_000_500],
        [c, 1_700_000_100],
      ] as const) {
        node.put('all', `from ${node.name}`);
        fs.utimesSync(node.path('all'), time, time);
      }
      for (const node of [a, b]) {
        node.put('same', 'same');
        fs.utimesSync(node.path('same'), 1_700_000_000, 1_700_000_000);
      }
    },
  });
  const { a, c } = made.nodes;
  await made.converged();
  assert.equal(c.read('all'), 'from b');
  assert.equal(a.read('dir/only-b'), 'b');
  await made.proveEqual();
});

test('a node that comes with an old copy does not overwrite the others', async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b', 'c'], start: false });
  const { a, b, c } = made.nodes;
  for (const node of [a, b]) await node.start();
  a.put('f', 'new');
  await made.converged([a, b]);
  c.put('f', 'an old copy');
  fs.utimesSync(c.path('f'), 1_600_000_000, 1_600_000_000);
  await c.start();
  await made.converged();
  assert.equal(c.read('f'), 'new');
  await made.proveEqual();
});

test('under auto: none what differs is a conflict', async (t) => {
  const made = await csync2Cluster(t, {
    nodes: ['a', 'b'],
    group: { auto: 'none' },
    before: ({ a, b }) => {
      a.put('f', "a's");
      b.put('f', "b's, longer");
      a.put('only-a', 'x');
    },
  });
  const { a, b } = made.nodes;
  await until('what only one has is sent', () => b.exists('only-a'));
  await until('the other is a conflict', async () =>
    (await a.cli('status', '--json')).stdout.includes('"conflicts":1'),
  );
  assert.equal(a.read('f'), "a's");
  assert.equal(b.read('f'), "b's, longer");
  const resolved = await b.cli('conflicts', 'resolve', 'shared:f', '--keep', 'newest');
  assert.equal(resolved.code, 0, resolved.stderr);
  await made.converged();
});

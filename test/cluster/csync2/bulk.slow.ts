/** Many files at once, by csync2. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { until } from '../../kit/cluster.ts';
import { csync2Cluster } from '../../kit/csync2/cluster.ts';

test('2,000 new files, and a directory of them renamed', async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b', 'c'] });
  const { a, b, c } = made.nodes;
  a.mkdir('many');
  for (let index = 0; index < 2_000; index += 1) fs.writeFileSync(a.path(`many/${index}`), `${index}`);
  await until('all are there', () =>
    [b, c].every((node) => node.exists('many') && fs.readdirSync(node.path('many')).length === 2_000),
  );
  await made.converged();
  a.rename('many', 'renamed');
  await made.converged();
  assert.ok(!b.exists('many') && !c.exists('many'));
  await made.proveEqual();
});

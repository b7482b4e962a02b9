/** Conflicts that csync2 decides for nobody: both versions have the same time and size. csyncd does after 30 s. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { until } from '../../kit/cluster.ts';
import { csync2Cluster } from '../../kit/csync2/cluster.ts';

test('a chmod that meets one that is still owed to a dead node', async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b', 'c'] });
  const { a, b, c } = made.nodes;
  for (const name of ['f', 'g']) a.put(name, 'x');
  a.mkdir('dir');
  await made.converged();
  await made.settled();
  await c.stop();
  for (const name of ['f', 'dir']) fs.chmodSync(a.path(name), 0o700);
  fs.chmodSync(b.path('g'), 0o700);
  await made.converged([a, b]);
  for (const name of ['f', 'dir']) fs.chmodSync(b.path(name), 0o750);
  fs.chmodSync(a.path('g'), 0o750);
  const isDecided = (): boolean =>
    ['f', 'g', 'dir'].every((name) => modeOf(a.path(name)) === modeOf(b.path(name)));
  await until('both have the same', isDecided);
  await made.converged([a, b]);
  await c.start();
  await made.converged();
  await made.proveEqual();
  assert.equal((await a.cli('status')).code, 0);
});

function modeOf(file: string): number {
  return fs.statSync(file).mode;
}

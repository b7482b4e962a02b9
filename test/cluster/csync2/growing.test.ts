/** A log that is appended to all the time, while csync2 sends it. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../../kit/cluster.ts';
import { csync2Cluster } from '../../kit/csync2/cluster.ts';

const MIB = 2 ** 20;
const LINE = `${'one line of a log '.repeat(20)}\n`;

test('a file that grows while it is being sent', async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b', 'c'] });
  const { a, b, c } = made.nodes;
  // Long enough that an update of it takes longer than the time between two lines.
  a.put('log', Buffer.alloc(10 * MIB, 'x'));
  const ending = new AbortController();
  const written = (async () => {
    while (!ending.signal.aborted) {
      a.append('log', LINE.repeat(10));
      await pause(5);
    }
  })();
  try {
    const sizes = new Set<number>();
    await until('three lengths of it have come', () => {
      if (b.exists('log')) sizes.add(fs.statSync(b.path('log')).size);
      return sizes.size >= 3;
    });
    a.put('beside', 'x');
    c.put('from c', 'x');
    await until('it delays no other file', () => {
      return [b, c].every((node) => node.exists('beside')) && a.exists('from c');
    });
  } finally {
    ending.abort();
    await written;
  }
  await made.converged();
  await made.proveEqual();
  for (const node of made.all) assert.equal((await node.cli('status')).code, 0, node.name);
});

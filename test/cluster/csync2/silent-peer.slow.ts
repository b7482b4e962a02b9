/** A peer that falls silent in the middle of a session, as when its cable is pulled: the session here would wait for it for ever. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../kit/cluster.ts';
import { csync2Cluster } from '../../kit/csync2/cluster.ts';
import { csync2Processes } from '../../kit/csync2/processes.ts';
import { countIn, putMany } from '../../kit/csync2/troubles.ts';

const FILES = 2_000;

test('a peer that is cut off while it sends keeps this node from nothing for long', async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b', 'c'] });
  const { a, b, c } = made.nodes;
  a.put('theirs', 'x');
  await made.converged();
  putMany(a, 'many', FILES);
  await until('some are there', () => countIn(b, 'many') > 200);
  made.cut('a', 'b');
  assert.ok(countIn(b, 'many') < FILES, 'the cut came too late to say anything');
  b.put('from-b', 'x');
  b.put('theirs', 'edited by b');
  await until('c has it', () => c.read('theirs') === 'edited by b' && c.exists('from-b'), {
    boundMs: 300_000,
  });
  // The listener alone is left: what waits for a would do so for ever.
  await until('its session has ended', () => csync2Processes(b, '-ii').length === 1);
  made.heal('a', 'b');
  await made.converged();
  assert.equal(countIn(b, 'many'), FILES);
  assert.equal(a.read('theirs'), 'edited by b');
  await made.proveEqual();
});

/** The simulator itself: the same seed is the same run to the last message, another seed is another run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../../../kit/sim/cluster.ts';
import { generate } from '../../../kit/sim/generate.ts';

test('a history run twice leaves the same trace', () => {
  for (let seed = 2_000_000; seed < 2_000_100; seed++) {
    const history = generate(seed);
    assert.deepEqual(generate(seed), history);
    assert.equal(run(history).trace.digest(), run(history).trace.digest(), `seed ${seed}`);
  }
});

test('a history read back from JSON is the same history', () => {
  const history = generate(3_000_042);
  assert.deepEqual(JSON.parse(JSON.stringify(history)), history);
});

test('another seed gives another run', () => {
  const digests = new Set<string>();
  for (let seed = 1_000_000; seed < 1_000_050; seed++) digests.add(run(generate(seed)).trace.digest());
  assert.ok(digests.size > 45);
});

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { backoffMs } from '../../src/util/backoff.ts';

it('doubles up to the most, half of it by chance', () => {
  const limits = { firstMs: 100, maxMs: 1_000 };
  assert.deepEqual(
    [0, 1, 2, 3, 4, 99].map((attempt) => backoffMs(attempt, limits, 0)),
    [50, 100, 200, 400, 500, 500],
  );
  assert.equal(backoffMs(0, limits, 1), 100);
});

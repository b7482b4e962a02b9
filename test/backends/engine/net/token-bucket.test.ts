import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TokenBucket } from '../../../../src/backends/engine/net/token-bucket.ts';

const alive = () => true;

test('without a rate everything goes at once', () => {
  const bucket = new TokenBucket(0);
  for (let i = 0; i < 100; i++) assert.equal(bucket.take(1e9, alive), null);
});

test(
  'what was taken must be paid before the next goes, in the order of asking',
  { timeout: 60_000 },
  async () => {
    const bucket = new TokenBucket(100_000);
    const started = performance.now();
    assert.equal(bucket.take(10_000, alive), null);
    const order: number[] = [];
    const first = bucket.take(1000, alive)?.then(() => order.push(1));
    await bucket.take(1000, alive)?.then(() => order.push(2));
    await first;
    assert.deepEqual(order, [1, 2]);
    assert.ok(performance.now() - started >= 90, 'never sooner than the rate allows');
  },
);

test('a new rate holds for those who wait; who is gone pays nothing', { timeout: 60_000 }, async () => {
  const bucket = new TokenBucket(1);
  assert.equal(bucket.take(1_000_000, alive), null);
  const gone = bucket.take(1e12, () => false);
  const waiting = bucket.take(1_000_000, alive);
  bucket.setRate(0);
  await Promise.all([gone, waiting]);
  assert.equal(bucket.take(1, alive), null);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hint } from '../../src/watch/hint.ts';
import { createBatcher, type Batcher } from '../../src/watch/batcher.ts';
import { FakeClock, WALL } from './fake-clock.ts';

const E = (path: string): Hint => ({ path, scope: 'entry' });

interface Seen {
  readonly at: number;
  readonly paths: readonly Hint[];
  readonly since: number;
}

function setUp(delayMs: number, maxDelayMs: number): { clock: FakeClock; batcher: Batcher; batches: Seen[] } {
  const clock = new FakeClock();
  const batches: Seen[] = [];
  const onBatch = (paths: readonly Hint[], since: number): void =>
    void batches.push({ at: clock.now, paths, since });
  return { clock, batches, batcher: createBatcher({ delayMs, maxDelayMs, onBatch }, clock) };
}

test('a batch is ready after a quiet time, and carries when it began', () => {
  const { clock, batcher, batches } = setUp(100, 2_000);
  clock.advance(10);
  batcher.add([E('a')]);
  clock.advance(109);
  assert.deepEqual(batches, []);
  clock.advance(110);
  assert.deepEqual(batches, [{ at: 110, paths: [E('a')], since: WALL + 10 }]);
});

test('another hint within the quiet time puts it off, but not for longer than the greatest delay', () => {
  const { clock, batcher, batches } = setUp(100, 250);
  for (let at = 0; at <= 300; at += 50) {
    clock.advance(at);
    batcher.add([E(`f${at}`)]);
  }
  clock.advance(1_000);
  assert.deepEqual(
    batches.map(({ at }) => at),
    [250, 400],
  );
  assert.deepEqual(batches[1]?.since, WALL + 250);
});

test('each hint comes out once', () => {
  const { clock, batcher, batches } = setUp(100, 2_000);
  for (let f = 0; f < 10; f += 1) batcher.add([E('a'), E(`f${f}`)]);
  clock.advance(100);
  batcher.add([E('b')]);
  clock.advance(200);
  assert.deepEqual(
    batches.map(({ paths }) => paths.length),
    [11, 1],
  );
});

test('without a delay it is ready at the end of the turn', () => {
  const { clock, batcher, batches } = setUp(0, 2_000);
  batcher.add([E('a')]);
  batcher.add([E('b')]);
  assert.equal(batches.length, 0);
  clock.advance(0);
  assert.deepEqual(batches[0]?.paths, [E('a'), E('b')]);
});

test('what is cleared does not come out, and no timer stays', () => {
  const { clock, batcher, batches } = setUp(100, 2_000);
  batcher.add([E('a')]);
  batcher.clear();
  assert.deepEqual(clock.timers, []);
  clock.advance(50);
  batcher.add([E('b')]);
  clock.advance(1_000);
  assert.deepEqual(
    batches.map(({ at, paths }) => [at, paths]),
    [[150, [E('b')]]],
  );
});

test('no hints are no batch; a flood of hints is one timer', () => {
  const { clock, batcher, batches } = setUp(100, 2_000);
  batcher.add([]);
  assert.deepEqual(clock.timers, []);
  for (let f = 0; f < 1_000; f += 1) batcher.add([E(`f${f}`)]);
  assert.equal(clock.timers.length, 1);
  clock.advance(2_000);
  assert.equal(batches.length, 1);
});

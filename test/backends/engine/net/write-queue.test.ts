import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { WriteQueue } from '../../../../src/backends/engine/net/write-queue.ts';

const MiB = 1024 * 1024;

/** A socket whose writes end when the test says so. */
class Line extends Writable {
  taken: Buffer[] = [];
  #done: (() => void) | null = null;
  constructor() {
    super({ highWaterMark: 1 });
  }
  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.taken.push(...chunks.map(({ chunk }) => chunk));
    this.#done = done;
  }
  async takesMore(): Promise<void> {
    this.#done?.();
    await new Promise(setImmediate);
  }
}

test('parts go out in order and complete, in slices, without copies of large ones', async () => {
  const line = new Line();
  const queue = new WriteQueue(line, () => undefined);
  const large = Buffer.alloc(3 * MiB, 'x');
  const parts = [Buffer.from('a'), large, Buffer.from('b'), Buffer.alloc(0), Buffer.from('c')];
  assert.equal(queue.push(parts), false);
  assert.equal(queue.bytes, 3 * MiB + 3);
  const drained = queue.drained();
  while (queue.bytes > 0) await line.takesMore();
  await drained;
  assert.equal(Buffer.compare(Buffer.concat(line.taken), Buffer.concat(parts)), 0);
  assert.ok(line.taken.filter(({ length }) => length > 1).every((part) => part.buffer === large.buffer));
});

test('small frames that come while one is written share a write', async () => {
  const line = new Line();
  const queue = new WriteQueue(line, () => undefined);
  for (let i = 0; i < 3000; i++) queue.push([Buffer.from([i & 0xff])]);
  let writes = 0;
  while (queue.bytes > 0) {
    await line.takesMore();
    writes++;
  }
  assert.equal(writes, 2);
  assert.deepEqual(Buffer.concat(line.taken), Buffer.from(Array.from({ length: 3000 }, (_, i) => i & 0xff)));
});

test('a line that takes nothing for two minutes is reported, one that takes a little is not', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const line = new Line();
  const stalled = t.mock.fn();
  const queue = new WriteQueue(line, stalled);
  queue.push([Buffer.alloc(4 * MiB)]);
  for (let i = 0; i < 5; i++) {
    t.mock.timers.tick(119_000);
    await line.takesMore();
  }
  assert.equal(stalled.mock.callCount(), 0);
  t.mock.timers.tick(120_000);
  assert.equal(stalled.mock.callCount(), 1);
});

test('who waits for room is let go when the connection is gone', async () => {
  const queue = new WriteQueue(new Line(), () => undefined);
  queue.push([Buffer.alloc(4 * MiB)]);
  const drained = queue.drained();
  queue.abandon();
  await drained;
  assert.equal(queue.bytes, 0);
});

test('who gave parts is told once when all of them are taken, and not before', async () => {
  const line = new Line();
  const queue = new WriteQueue(line, () => undefined);
  const told: string[] = [];
  queue.push([Buffer.from('head'), Buffer.alloc(MiB)], () => told.push('first'));
  queue.push([Buffer.alloc(10)], () => told.push('second'));
  while (queue.bytes > 20) {
    assert.deepEqual(told, []);
    await line.takesMore();
  }
  while (queue.bytes > 0) await line.takesMore();
  assert.deepEqual(told, ['first', 'second']);
});

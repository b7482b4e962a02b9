import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { frameHeader, FrameReader } from '../../../../src/backends/engine/wire/frame.ts';
import { PartMemory } from '../../../../src/backends/engine/wire/part-memory.ts';
import type { Frame } from '../../../../src/backends/engine/wire/frame.ts';

function readAll(reader: FrameReader, chunks: readonly Buffer[]): Frame[] {
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let frame = reader.next(); frame !== null; frame = reader.next()) frames.push(frame);
  }
  return frames;
}

/** As from a socket that reads into one buffer. */
function readLent(reader: FrameReader, chunks: readonly Buffer[]): Frame[] {
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    const lent = Buffer.from(chunk);
    if (!reader.takeMiddle(lent)) {
      reader.push(lent);
      for (let frame = reader.next(); frame !== null; frame = reader.next()) frames.push(frame);
      reader.keepRest();
    }
    lent.fill(0xff);
  }
  return frames;
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [0, ...at.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

test('frames come out as they went in, however the stream is cut', () => {
  const frame = fc.record({ type: fc.nat(255), payload: fc.uint8Array({ maxLength: 100 }) });
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 10 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      fc.boolean(),
      (sent, cuts, own) => {
        const bytes = Buffer.concat(
          sent.flatMap(({ type, payload }) => [frameHeader(type, payload.length), payload]),
        );
        const reader = new FrameReader(100);
        if (own) reader.memory = new PartMemory();
        const received = (own ? readLent : readAll)(reader, cut(bytes, cuts));
        assert.deepEqual(
          received.map(({ type, payload }) => ({ type, payload: [...payload] })),
          sent.map(({ type, payload }) => ({ type, payload: [...payload] })),
        );
      },
    ),
  );
});

test('a frame beyond the limit is refused at its header', () => {
  const reader = new FrameReader(100);
  reader.push(frameHeader(1, 101));
  assert.throws(() => reader.next(), { code: 'too-large' });
  const greedy = new FrameReader(100);
  greedy.push(Buffer.from([0xff, 0xff, 0xff, 0xff, 1]));
  assert.throws(() => greedy.next(), { code: 'too-large' });
});

test('a frame without a type is refused', () => {
  const reader = new FrameReader(100);
  reader.push(Buffer.alloc(5));
  assert.throws(() => reader.next(), { code: 'bad-frame' });
});

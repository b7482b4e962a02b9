import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import type { BulkFrame } from '../../../../src/backends/engine/net/link.ts';
import { decodeBulk, encodeBulk } from '../../../../src/backends/engine/wire/bulk-codec.ts';
import { compress, compressInBackground } from '../../../../src/backends/engine/wire/compression.ts';
import { FrameReader } from '../../../../src/backends/engine/wire/frame.ts';
import { MAX_BULK_BODY, MAX_BULK_FRAME } from '../../../../src/backends/engine/wire/limits.ts';
import { PartMemory } from '../../../../src/backends/engine/wire/part-memory.ts';
import { ProtocolError } from '../../../../src/backends/engine/wire/protocol-error.ts';
import { bulkFrame } from './arbitrary.ts';

function payloadOf(frame: BulkFrame, compressed: Uint8Array | null): Buffer {
  const reader = new FrameReader(MAX_BULK_FRAME);
  reader.memory = new PartMemory();
  for (const part of encodeBulk(frame, compressed)) reader.push(Buffer.from(part));
  const received = reader.next();
  assert.ok(received);
  return received.payload;
}

const plain = (frame: BulkFrame) => ({ ...frame, body: frame.body && [...frame.body] });

test('every bulk frame arrives as it was sent', () => {
  fc.assert(
    fc.property(bulkFrame, (sent) => {
      assert.deepEqual(plain(decodeBulk(payloadOf(sent, null))), plain(sent));
      const compressed = sent.body === null ? null : compress(sent.body);
      assert.deepEqual(plain(decodeBulk(payloadOf(sent, compressed))), plain(sent));
    }),
    { numRuns: 300 },
  );
});

test('random and damaged bulk frames are decoded or refused', () => {
  const damaged = fc.tuple(bulkFrame, fc.nat(), fc.nat(255)).map(([frame, at, byte]) => {
    const payload = payloadOf(frame, frame.body === null ? null : compress(frame.body));
    payload[at % payload.length] = byte;
    return payload;
  });
  const random = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(random, damaged), (payload) => {
      try {
        decodeBulk(payload);
      } catch (error) {
        assert.ok(error instanceof ProtocolError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

test('a body is sent without a copy of it', () => {
  const body = Buffer.alloc(1000);
  assert.equal(encodeBulk({ stream: 1, type: 1, header: null, body }, null)[1], body);
});

test('a received body owns its memory, so that it can be handed to a worker', async () => {
  const body = Buffer.alloc(3000, 'text ');
  for (const compressed of [null, await compressInBackground(body)]) {
    const first = decodeBulk(payloadOf({ stream: 1, type: 1, header: null, body }, compressed)).body;
    const second = decodeBulk(payloadOf({ stream: 1, type: 1, header: null, body }, compressed)).body;
    assert.ok(first && second);
    structuredClone(first.buffer, { transfer: [first.buffer as ArrayBuffer] });
    assert.equal(first.length, 0);
    assert.equal(Buffer.compare(second, body), 0);
  }
});

test('a decompression bomb is refused without being blown up', () => {
  const bomb = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024));
  const honest = payloadOf({ stream: 1, type: 1, header: null, body: Buffer.alloc(10) }, bomb);
  const lying = Buffer.from(honest);
  const huge = Buffer.from(honest);
  lying.writeUInt32BE(MAX_BULK_BODY, 10);
  huge.writeUInt32BE(0xffff_ffff, 10);
  const before = process.memoryUsage().arrayBuffers;
  for (const payload of [honest, lying]) assert.throws(() => decodeBulk(payload), { code: 'bad-frame' });
  assert.throws(() => decodeBulk(huge), { code: 'too-large' });
  assert.ok(process.memoryUsage().arrayBuffers - before < 4 * MAX_BULK_BODY);
});

test('what does not get smaller is sent as it is', () => {
  const random = Buffer.from(Array.from({ length: 2000 }, (_, i) => (i * i * 31 + (i >> 3)) & 0xff));
  assert.equal(compress(Buffer.from('short')), null);
  assert.ok((compress(random)?.length ?? 0) < random.length);
});

test('a body beyond the limit is refused at the sender', () => {
  const body = Buffer.alloc(MAX_BULK_BODY + 1);
  assert.throws(() => encodeBulk({ stream: 1, type: 1, header: null, body }, null), { code: 'too-large' });
});

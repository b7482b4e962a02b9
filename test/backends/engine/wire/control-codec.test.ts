import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Writer } from '../../../../src/backends/engine/core/encode.ts';
import type { Actor, RelPath } from '../../../../src/backends/engine/core/types.ts';
import { decodeMessage, encodeMessage } from '../../../../src/backends/engine/wire/control-codec.ts';
import { FrameReader, FrameType } from '../../../../src/backends/engine/wire/frame.ts';
import {
  MAX_CONTROL_FRAME,
  MAX_INLINE_CONTENT,
  MAX_JSON,
} from '../../../../src/backends/engine/wire/limits.ts';
import type { Message, RowUpdate } from '../../../../src/backends/engine/wire/messages.ts';
import { ProtocolError } from '../../../../src/backends/engine/wire/protocol-error.ts';
import { message, rowsMessage } from './arbitrary.ts';

function overTheWire(sent: Message, zstd: boolean): Message {
  const reader = new FrameReader(MAX_CONTROL_FRAME);
  for (const part of encodeMessage(sent, { zstd })) reader.push(Buffer.from(part));
  const frame = reader.next();
  assert.ok(frame);
  assert.equal(reader.next(), null);
  return decodeMessage(frame);
}

/** Views and arrays of bytes compare by their bytes. */
function plain(any: Message): unknown {
  if (any.kind !== 'rows') return any;
  return { ...any, rows: any.rows.map((row) => ({ ...row, content: row.content && [...row.content] })) };
}

function rowsOf(updates: readonly Partial<RowUpdate>[]): Message {
  const rows = updates.map((update, index) => ({
    path: `file-${index}` as RelPath,
    seq: index,
    row: { siblings: [], context: new Map<Actor, number>([['web1#1' as Actor, 7]]) },
    movedFrom: null,
    content: null,
    ...update,
  }));
  return { kind: 'rows', group: 'web', mapping: 'shared', prev: 0, last: rows.length, rows };
}

/** Fails unless the bytes are decoded or refused as a protocol error. */
function decodesOrRefuses(type: number, payload: Uint8Array): void {
  try {
    decodeMessage({ type, payload: Buffer.from(payload) });
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
  }
}

test('every message arrives as it was sent, with and without zstd', () => {
  fc.assert(
    fc.property(message, fc.boolean(), (sent, zstd) => {
      assert.deepEqual(plain(overTheWire(sent, zstd)), plain(sent));
    }),
    { numRuns: 500 },
  );
});

test('random bytes are decoded or refused, whatever their type', () => {
  const types = fc.constantFrom(...Object.values(FrameType), 0xff);
  fc.assert(fc.property(types, fc.uint8Array({ maxLength: 300 }), decodesOrRefuses), { numRuns: 3000 });
});

test('a damaged message is decoded or refused', () => {
  fc.assert(
    fc.property(rowsMessage, fc.boolean(), fc.nat(), fc.nat(255), (sent, zstd, at, byte) => {
      const [header, ...rest] = encodeMessage(sent, { zstd });
      const payload = Buffer.concat(rest);
      payload[at % payload.length] = byte;
      decodesOrRefuses(header?.[4] ?? 0, payload);
    }),
    { numRuns: 1000 },
  );
});

test('a batch that pays to compress is sent compressed, and one encoding serves all peers', () => {
  const batch = rowsOf(Array.from({ length: 500 }, () => ({})));
  const plainParts = encodeMessage(batch, { zstd: false });
  const parts = encodeMessage(batch, { zstd: true });
  assert.equal(parts[0]?.[4], FrameType.rowsZstd);
  assert.equal(encodeMessage(batch, { zstd: true })[2], parts[2]);
  assert.equal(encodeMessage(batch, { zstd: false })[1], plainParts[1]);
  assert.deepEqual(overTheWire(batch, true), batch);
});

const badPaths = [
  '',
  '/a',
  'a/',
  'a//b',
  '.',
  '..',
  '../etc',
  'a/../b',
  'a/.',
  'a\0b',
  '.csyncd',
  '.csyncd/tmp/x',
];
for (const path of [...badPaths, 'n'.repeat(256), `${'d/'.repeat(4096)}x`]) {
  test(`the path ${JSON.stringify(path.slice(0, 20))} (${path.length} bytes) is refused wherever it stands`, () => {
    const bad = path as RelPath;
    const ack: Message = {
      kind: 'ack',
      group: 'web',
      mapping: 'shared',
      tableId: 't',
      seq: 1,
      failedCount: 1,
      failed: [{ path: bad, code: 'EIO', message: '' }],
    };
    for (const sent of [rowsOf([{ path: bad }]), rowsOf([{ movedFrom: bad }]), ack]) {
      assert.throws(() => overTheWire(sent, false), { name: 'ProtocolError' });
    }
  });
}

test('names that only look dangerous are names', () => {
  for (const path of ['...', '..a', 'a/.csyncd', '.csyncd2', '-rf', '\xff\xfe', 'a\nb', 'n'.repeat(255)]) {
    const sent = rowsOf([{ path: path as RelPath }]);
    assert.deepEqual(overTheWire(sent, false), sent);
  }
});

test('what would be too large for the peer is refused at the sender', () => {
  const content = Buffer.alloc(MAX_INLINE_CONTENT);
  const huge = rowsOf(Array.from({ length: MAX_CONTROL_FRAME / MAX_INLINE_CONTENT }, () => ({ content })));
  assert.throws(() => encodeMessage(huge, { zstd: true }), { code: 'too-large' });
  const call: Message = { kind: 'call', id: 1, method: 'm', params: 'x'.repeat(MAX_JSON) };
  assert.throws(() => encodeMessage(call, { zstd: true }), { code: 'too-large' });
});

test('content beyond the inline limit is refused', () => {
  const sent = rowsOf([{ content: Buffer.alloc(MAX_INLINE_CONTENT + 1) }]);
  assert.throws(() => overTheWire(sent, false), { name: 'ProtocolError' });
});

test('a number of rows that the bytes cannot hold is refused before anything is made for it', () => {
  const writer = new Writer();
  writer.byteString('web');
  writer.byteString('shared');
  for (const number of [0, 1, 2 ** 50]) writer.uint(number);
  assert.throws(() => decodeMessage({ type: FrameType.rows, payload: Buffer.from(writer.take()) }), {
    name: 'ProtocolError',
  });
});

test('a symlink that no system can make is refused', () => {
  for (const target of ['', 'a\0b']) {
    const context = new Map([['web1#1' as Actor, 1]]);
    const value = { kind: 'symlink' as const, target, mtimeNs: 0n, owner: '' };
    const sent = rowsOf([
      { row: { siblings: [{ dot: { actor: 'web1#1' as Actor, counter: 1 }, value }], context } },
    ]);
    assert.throws(() => overTheWire(sent, false), { name: 'ProtocolError' });
  }
});

test('a text that is too long is shortened, not refused', () => {
  const sent: Message = {
    kind: 'close',
    group: 'web',
    mapping: 'shared',
    code: 'paused',
    reason: 'x'.repeat(9000),
  };
  const received = overTheWire(sent, false);
  assert.equal(received.kind === 'close' && received.reason.length, 2000);
});

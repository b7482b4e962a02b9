import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  DecodeError,
  decodeRow,
  decodeValue,
  encodeRow,
  encodeValue,
  Reader,
  Writer,
} from '../../../../src/backends/engine/core/encode.ts';
import type { Actor, Row } from '../../../../src/backends/engine/core/types.ts';
import { rows, values } from '../../../kit/arbitraries.ts';

describe('encoding of values and rows', () => {
  it('gives back what it was given', () => {
    fc.assert(fc.property(values, (value) => assert.deepEqual(decodeValue(encodeValue(value)), value)));
    fc.assert(fc.property(rows, (row) => assert.deepEqual(decodeRow(encodeRow(row)), row)));
  });

  it('is canonical: order of siblings and actors does not show, and a counter of 0 is none', () => {
    fc.assert(
      fc.property(rows, (row) => {
        const context = new Map([...row.context].toReversed());
        context.set('zero#1' as Actor, 0);
        const shuffled: Row = { siblings: row.siblings.toReversed(), context };
        assert.deepEqual(encodeRow(shuffled), encodeRow(row));
      }),
    );
  });

  it('has one byte form for each row: what decodes encodes to the same bytes', () => {
    fc.assert(
      fc.property(rows, fc.nat(), fc.nat(255), (row, at, byte) => {
        const bytes = encodeRow(row);
        bytes[at % bytes.length] = byte;
        const again = decodedOrRefused(bytes);
        if (again !== null) assert.deepEqual(encodeRow(again), bytes);
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses random and cut off bytes with a DecodeError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodedOrRefused(bytes)),
      {
        numRuns: 2000,
      },
    );
    fc.assert(
      fc.property(rows, fc.nat(), (row, at) => {
        const bytes = encodeRow(row);
        assert.throws(() => decodeRow(bytes.subarray(0, at % bytes.length)), DecodeError);
      }),
    );
  });

  it('refuses a length that the input cannot hold before making room for it', () => {
    const writer = new Writer();
    writer.uint(Number.MAX_SAFE_INTEGER);
    const huge = writer.take();
    assert.throws(() => new Reader(huge).count(), DecodeError);
    assert.throws(() => new Reader(huge).bytes(Number.MAX_SAFE_INTEGER), DecodeError);
    assert.throws(() => new Reader(huge).byteString(1e12), DecodeError);
    assert.throws(() => decodeRow(huge), DecodeError);
  });

  it('has no bytes for a sibling that its own context does not cover', () => {
    const sibling = { dot: { actor: 'a#1' as Actor, counter: 2 }, value: { kind: 'absent' as const } };
    assert.throws(() => encodeRow({ siblings: [sibling], context: new Map() }), RangeError);
    assert.throws(
      () => encodeRow({ siblings: [sibling], context: new Map([['a#1' as Actor, 1]]) }),
      RangeError,
    );
  });
});

describe('Writer and Reader', () => {
  it('agree on integers, byte strings and bytes of any size', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.string({ unit: 'binary-ascii' }), fc.uint8Array(), (n, text, bytes) => {
        const writer = new Writer();
        writer.uint(n);
        writer.byteString(text);
        writer.bytes(bytes);
        const reader = new Reader(writer.take());
        assert.equal(reader.uint(), n);
        assert.equal(reader.byteString(1000), text);
        assert.deepEqual(reader.bytes(1000), bytes);
        reader.end();
      }),
    );
  });

  it('carry a byte string longer than one call takes arguments', () => {
    const long = '\xff\0x'.repeat(100_000);
    const writer = new Writer();
    writer.byteString(long);
    assert.equal(new Reader(writer.take()).byteString(1e6), long);
  });

  it('refuse an integer that is too large, too long or not in its shortest form', () => {
    assert.throws(() => new Reader(Uint8Array.of(0x80, 0)).uint(), DecodeError);
    assert.throws(() => new Reader(Uint8Array.of(5)).uint(4), DecodeError);
    assert.throws(() => new Reader(new Uint8Array(9).fill(0xff)).uint(), DecodeError);
    for (const n of [-1, 0.5, 2 ** 53]) assert.throws(() => new Writer().uint(n), RangeError);
  });

  it('refuse a string that is not of bytes', () => {
    assert.throws(() => new Writer().byteString('\u0100'), RangeError);
  });
});

function decodedOrRefused(bytes: Uint8Array): Row | null {
  try {
    return decodeRow(bytes);
  } catch (error) {
    assert.ok(error instanceof DecodeError, String(error));
    return null;
  }
}

/** Lists of numbers as bodies of bulk frames, big-endian. */
import { ProtocolError } from '../../wire/protocol-error.ts';
import type { Range } from './blocks.ts';

const OFFSET = 6;
const RANGE = 2 * OFFSET;
const WORD = 4;

/** Offset and length, six bytes each. */
export function encodeRanges(ranges: readonly Range[]): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(ranges.length * RANGE);
  for (const [n, { at, length }] of ranges.entries()) {
    bytes.writeUIntBE(at, n * RANGE, OFFSET);
    bytes.writeUIntBE(length, n * RANGE + OFFSET, OFFSET);
  }
  return bytes;
}

/** At least one; in order, not empty, not overlapping, within a file of this size; or ProtocolError. */
export function decodeRanges(body: Uint8Array | null, size: number): Range[] {
  const bytes = asBuffer(body, RANGE);
  if (bytes.length === 0) throw new ProtocolError('bad-message', 'a request for nothing');
  const ranges: Range[] = [];
  let end = 0;
  for (let offset = 0; offset < bytes.length; offset += RANGE) {
    const range = { at: bytes.readUIntBE(offset, OFFSET), length: bytes.readUIntBE(offset + OFFSET, OFFSET) };
    if (range.length === 0 || range.at < end || range.at + range.length > size)
      throw new ProtocolError('bad-message', 'ranges that are not in order, or beyond the end of the file');
    end = range.at + range.length;
    ranges.push(range);
  }
  return ranges;
}

/** Four bytes each. */
export function encodeWords(words: Uint32Array): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(words.length * WORD);
  for (const [n, word] of words.entries()) bytes.writeUInt32BE(word, n * WORD);
  return bytes;
}

/** Each below `limit`, or ProtocolError. */
export function decodeWords(body: Uint8Array | null, limit: number): Uint32Array {
  const bytes = asBuffer(body, WORD);
  const words = new Uint32Array(bytes.length / WORD);
  for (let n = 0; n < words.length; n++) {
    const word = bytes.readUInt32BE(n * WORD);
    if (word >= limit)
      throw new ProtocolError('bad-message', `the number ${word}, where ${limit} is the limit`);
    words[n] = word;
  }
  return words;
}

function asBuffer(body: Uint8Array | null, unit: number): Buffer {
  if (body === null || body.length % unit !== 0)
    throw new ProtocolError('bad-message', 'a body that is cut off');
  return Buffer.from(body.buffer, body.byteOffset, body.length);
}

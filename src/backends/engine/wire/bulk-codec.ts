/**
 * A frame of the bulk connection:
 *
 *     stream         4 bytes, big-endian
 *     type           1 byte
 *     flags          1 byte: 1 = has a body, 2 = the body is compressed with zstd
 *     header length  4 bytes
 *     raw length     4 bytes: the body's, before compression
 *     header         JSON
 *     body           the rest
 */
import type { BulkFrame } from '../net/link.ts';
import { decompress } from './compression.ts';
import { FrameType, frameHeader } from './frame.ts';
import { parseJson } from './json.ts';
import { BULK_PREFIX, MAX_BULK_BODY, MAX_BULK_HEADER } from './limits.ts';
import { ProtocolError } from './protocol-error.ts';

const BODY = 1;
const ZSTD = 2;

/**
 * The frame's bytes in two parts, the body as it was given.
 * @param compressed the body through zstd, when that is what shall be sent
 */
export function encodeBulk(frame: BulkFrame, compressed: Uint8Array | null): Uint8Array[] {
  const header = Buffer.from(JSON.stringify(frame.header ?? null));
  const rawLength = frame.body?.length ?? 0;
  if (header.length > MAX_BULK_HEADER)
    throw new ProtocolError('too-large', `a bulk header of ${header.length} bytes`);
  if (rawLength > MAX_BULK_BODY) throw new ProtocolError('too-large', `a bulk body of ${rawLength} bytes`);
  const body = compressed ?? frame.body;
  const prefix = Buffer.allocUnsafe(BULK_PREFIX);
  prefix.writeUInt32BE(frame.stream, 0);
  prefix.writeUInt8(frame.type, 4);
  prefix.writeUInt8((body === null ? 0 : BODY) | (compressed === null ? 0 : ZSTD), 5);
  prefix.writeUInt32BE(header.length, 6);
  prefix.writeUInt32BE(rawLength, 10);
  const length = prefix.length + header.length + (body?.length ?? 0);
  const head = Buffer.concat([frameHeader(FrameType.bulk, length), prefix, header]);
  return body === null || body.length === 0 ? [head] : [head, body];
}

/** Throws ProtocolError. The body is a view of `payload` unless it was compressed. */
export function decodeBulk(payload: Buffer): BulkFrame {
  if (payload.length < BULK_PREFIX) throw new ProtocolError('bad-frame', 'a bulk frame cut off');
  const flags = payload.readUInt8(5);
  const bodyStart = BULK_PREFIX + payload.readUInt32BE(6);
  const rawLength = payload.readUInt32BE(10);
  if (flags > (BODY | ZSTD) || flags === ZSTD)
    throw new ProtocolError('bad-frame', `unknown flags of a bulk frame: ${flags}`);
  if (bodyStart > Math.min(payload.length, BULK_PREFIX + MAX_BULK_HEADER)) {
    throw new ProtocolError('bad-frame', 'a bulk header longer than its frame or its limit');
  }
  return {
    stream: payload.readUInt32BE(0),
    type: payload.readUInt8(4),
    header: parseJson(payload.subarray(BULK_PREFIX, bodyStart)),
    body: readBody(payload.subarray(bodyStart), flags, rawLength),
  };
}

function readBody(bytes: Buffer, flags: number, rawLength: number): Buffer | null {
  if ((flags & ZSTD) !== 0) return decompress(bytes, rawLength, MAX_BULK_BODY);
  if (bytes.length !== rawLength || ((flags & BODY) === 0 && rawLength > 0)) {
    throw new ProtocolError('bad-frame', 'a bulk body of another length than it says');
  }
  if (rawLength > MAX_BULK_BODY) throw new ProtocolError('too-large', `a bulk body of ${rawLength} bytes`);
  return (flags & BODY) === 0 ? null : bytes;
}

/** Messages of the control connection to frames and back. */
import { z } from 'zod';
import type { NodeId } from '../core/types.ts';
import { compress, decompress } from './compression.ts';
import { FrameType, frameHeader } from './frame.ts';
import type { Frame } from './frame.ts';
import { parseAs } from './json.ts';
import { MAX_CONTROL_FRAME, MAX_FAILED, MAX_JSON, MAX_NODES, MAX_REASON } from './limits.ts';
import type { Message } from './messages.ts';
import { NAME, NODE_NAME } from './names.ts';
import { receivedPath } from './path.ts';
import { ProtocolError } from './protocol-error.ts';
import { decodeRows, encodeRows } from './rows-codec.ts';
import type { RowsMessage } from './rows-codec.ts';

const RAW_LENGTH = 4;
const count = z.int().min(0);
const about = { group: z.string().regex(NAME), mapping: z.string().regex(NAME) };
const node = z.custom<NodeId>((name) => typeof name === 'string' && NODE_NAME.test(name));
const linked = z.array(node).max(MAX_NODES);
const label = z.string().max(300);
// Shortened, not refused: a message that quotes a long path must not cost the connection.
const text = z.string().transform((long) => long.slice(0, MAX_REASON));
const knowledge = z.array(z.tuple([label, count])).transform((pairs) => new Map(pairs));
// A bad path must keep its own error code, so it is thrown and not reported as an issue.
const path = z.string().transform(receivedPath);

const message: z.ZodType<Message> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('open'),
    ...about,
    configHash: label,
    tableId: label,
    haveTable: label,
    haveSeq: count,
    knowledge,
    linked,
  }),
  z.object({ kind: z.literal('close'), ...about, code: label, reason: text }),
  z.object({ kind: z.literal('mark'), ...about, seq: count, knowledge }),
  z.object({ kind: z.literal('knows'), ...about, knowledge, linked }),
  z.object({
    kind: z.literal('ack'),
    ...about,
    tableId: label,
    seq: count,
    failedCount: count,
    failed: z.array(z.object({ path, code: label, message: text })).max(MAX_FAILED),
  }),
  z.object({ kind: z.literal('credit'), bytes: count }),
  z.object({ kind: z.literal('ping'), time: z.number() }),
  z.object({ kind: z.literal('call'), id: count, method: label, params: z.unknown() }),
  z.object({
    kind: z.literal('answer'),
    id: count,
    result: z.unknown(),
    error: z.object({ code: label, message: text }).nullable(),
  }),
]);

/**
 * The message's frame, in parts. Throws ProtocolError when it is beyond the limits: its sender's fault.
 * A batch that goes to several peers is encoded once, as long as it is the same object.
 */
export function encodeMessage(message: Message, options: { readonly zstd: boolean }): Uint8Array[] {
  if (message.kind !== 'rows') return encodeJson(message);
  const { raw, compressed } = encodedRows(message, options.zstd);
  if (!options.zstd || compressed === null) return [frameHeader(FrameType.rows, raw.length), raw];
  const rawLength = Buffer.allocUnsafe(RAW_LENGTH);
  rawLength.writeUInt32BE(raw.length);
  return [frameHeader(FrameType.rowsZstd, RAW_LENGTH + compressed.length), rawLength, compressed];
}

interface EncodedRows {
  readonly raw: Uint8Array;
  /** undefined: not tried yet; null: does not pay */
  compressed: Uint8Array | null | undefined;
}
const encoded = new WeakMap<RowsMessage, EncodedRows>();

function encodedRows(
  message: RowsMessage,
  zstd: boolean,
): { raw: Uint8Array; compressed: Uint8Array | null } {
  let entry = encoded.get(message);
  if (entry === undefined) {
    const raw = encodeRows(message);
    if (raw.length > MAX_CONTROL_FRAME) throw new ProtocolError('too-large', `rows of ${raw.length} bytes`);
    entry = { raw, compressed: undefined };
    encoded.set(message, entry);
  }
  if (zstd && entry.compressed === undefined) entry.compressed = compress(entry.raw);
  return { raw: entry.raw, compressed: entry.compressed ?? null };
}

function encodeJson(message: Exclude<Message, RowsMessage>): Uint8Array[] {
  const payload = Buffer.from(
    JSON.stringify(message, (_, value: unknown) => (value instanceof Map ? [...value] : value)),
  );
  if (payload.length > MAX_JSON)
    throw new ProtocolError('too-large', `a ${message.kind} of ${payload.length} bytes`);
  return [frameHeader(FrameType.json, payload.length), payload];
}

/** Throws ProtocolError. Contents of rows may be views of the frame's payload. */
export function decodeMessage({ type, payload }: Frame): Message {
  switch (type) {
    case FrameType.json:
      if (payload.length > MAX_JSON)
        throw new ProtocolError('too-large', `a message of ${payload.length} bytes`);
      return parseAs(message, payload);
    case FrameType.rows:
      return decodeRows(payload);
    case FrameType.rowsZstd:
      if (payload.length < RAW_LENGTH) throw new ProtocolError('bad-frame', 'rows cut off');
      return decodeRows(decompress(payload.subarray(RAW_LENGTH), payload.readUInt32BE(0), MAX_CONTROL_FRAME));
    default:
      throw new ProtocolError('bad-frame', `unknown type of frame: ${type}`);
  }
}

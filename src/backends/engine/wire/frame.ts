/**
 * Frames: how both connections of a link are cut into pieces.
 *
 *     length   4 bytes, big-endian: bytes that follow, the type included
 *     type     1 byte
 *     payload  length - 1 bytes
 */
import type { PartMemory } from './part-memory.ts';
import { ProtocolError } from './protocol-error.ts';

export const FrameType = {
  hello: 0x01,
  welcome: 0x02,
  accept: 0x03,
  bye: 0x04,
  json: 0x10,
  rows: 0x11,
  rowsZstd: 0x12,
  bulk: 0x20,
} as const;

export interface Frame {
  readonly type: number;
  readonly payload: Buffer;
}

const HEADER = 5;

/** What goes before a payload of so many bytes. */
export function frameHeader(type: number, payloadLength: number): Buffer {
  const header = Buffer.allocUnsafe(HEADER);
  header.writeUInt32BE(payloadLength + 1, 0);
  header[4] = type;
  return header;
}

/**
 * Cuts a stream of bytes into frames. Holds what was pushed and not read yet, and at most one frame of the limit's size:
 * a length beyond the limit is refused before anything is allocated for it.
 */
export class FrameReader {
  /** Greatest payload that the next frame may have; may change between two frames. */
  maxPayload: number;
  /**
   * Where payloads go, each by itself, so that they can go on to a worker thread without a copy. null: they are views of the
   * received chunks where they fit into one.
   */
  memory: PartMemory | null = null;
  #chunks: Buffer[] = [];
  #buffered = 0;
  #frame: { type: number; payload: Buffer; filled: number } | null = null;

  constructor(maxPayload: number) {
    this.maxPayload = maxPayload;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
  }

  /**
   * Takes a chunk that is only lent when all of it belongs to the frame that is being read, and is not its end. Else it is
   * to be pushed, and then what was not read of it is to be kept: this is for speed, most of a large frame comes so.
   */
  takeMiddle(chunk: Buffer): boolean {
    const frame = this.#frame;
    if (frame === null || this.#buffered > 0) return false;
    if (frame.filled + chunk.length >= frame.payload.length) return false;
    chunk.copy(frame.payload, frame.filled);
    frame.filled += chunk.length;
    return true;
  }

  /** The last chunk is only lent, and what was not read of it yet is wanted still. */
  keepRest(): void {
    const rest = this.#chunks.pop();
    if (rest !== undefined) this.#chunks.push(Buffer.from(rest));
  }

  /** The next frame, or null until more bytes are pushed. Throws ProtocolError; the reader is of no use afterwards. */
  next(): Frame | null {
    const frame = this.#frame ?? this.#start();
    if (frame === null) return null;
    this.#fill(frame);
    if (frame.filled < frame.payload.length) {
      this.#frame = frame;
      return null;
    }
    this.#frame = null;
    return frame;
  }

  #start(): { type: number; payload: Buffer; filled: number } | null {
    if (this.#buffered < HEADER) return null;
    const header = this.#take(HEADER);
    const length = header.readUInt32BE(0) - 1;
    const type = header.readUInt8(4);
    if (length < 0) throw new ProtocolError('bad-frame', 'a frame without a type');
    if (length > this.maxPayload) {
      throw new ProtocolError(
        'too-large',
        `a frame of ${length} bytes, where ${this.maxPayload} are allowed`,
      );
    }
    const head = this.#chunks[0];
    if (this.memory === null && head !== undefined && head.length >= length) {
      return { type, payload: this.#take(length), filled: length };
    }
    return { type, payload: this.memory?.take(length) ?? Buffer.allocUnsafeSlow(length), filled: 0 };
  }

  /** Removes so many bytes, which must be there; a view when one chunk holds them all. */
  #take(count: number): Buffer {
    const head = this.#chunks[0];
    if (head !== undefined && head.length >= count) {
      this.#drop(head, count);
      return head.subarray(0, count);
    }
    const bytes = { payload: Buffer.allocUnsafeSlow(count), filled: 0 };
    this.#fill(bytes);
    return bytes.payload;
  }

  #fill(target: { readonly payload: Buffer; filled: number }): void {
    while (target.filled < target.payload.length) {
      const head = this.#chunks[0];
      if (head === undefined) return;
      const count = Math.min(head.length, target.payload.length - target.filled);
      head.copy(target.payload, target.filled, 0, count);
      target.filled += count;
      this.#drop(head, count);
    }
  }

  #drop(head: Buffer, count: number): void {
    this.#buffered -= count;
    if (count === head.length) this.#chunks.shift();
    else this.#chunks[0] = head.subarray(count);
  }
}

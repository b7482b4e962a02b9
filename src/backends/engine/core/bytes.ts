/**
 * Bytes to and from plain data, for the wire and the store. Every integer has one encoding, so that equal data are equal
 * bytes. A reader believes nothing: whatever the input, it returns, or throws `DecodeError`, in time and memory bounded by
 * the input's size.
 */

/** The bytes are not what they claim to be: damaged, cut off, hostile, or of a later format. */
export class DecodeError extends Error {
  readonly code = 'bad-encoding';

  constructor(message: string) {
    super(message);
    this.name = 'DecodeError';
  }
}

const FIRST_SIZE = 256;
const NS_PER_SECOND = 1_000_000_000n;
/** Bytes of a time: seconds as a signed 64-bit integer, nanoseconds as an unsigned 32-bit one. */
const TIME_BYTES = 12;
const HASH_BYTES = 32;

/** Appends to a buffer that grows and is used again after each `take`. */
export class Writer {
  #bytes = new Uint8Array(FIRST_SIZE);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** Bytes written since the last `take`. */
  get length(): number {
    return this.#length;
  }

  /** A copy of what was written; the writer is empty again. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length);
    this.clear();
    return taken;
  }

  /** What was written, valid until the next call; the writer is empty again. */
  lend(): Uint8Array {
    const lent = this.#bytes.subarray(0, this.#length);
    this.clear();
    return lent;
  }

  /** Forgets what was written: for a writer that is used again after an encoding failed half-way. */
  clear(): void {
    this.#length = 0;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** A whole number from 0 to 2^53 - 1, seven bits a byte, the lowest first. */
  uint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not an unsigned integer: ${value}`);
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** A byte string (core/types.ts) with its length before it. */
  byteString(value: string): void {
    this.uint(value.length);
    this.#reserve(value.length);
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0xff) throw new RangeError('not a byte string');
      this.#bytes[this.#length + i] = code;
    }
    this.#length += value.length;
  }

  /** Bytes with their number before them. */
  bytes(value: Uint8Array): void {
    this.uint(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** 64 lower-case hex digits as 32 bytes. */
  hash(hex: string): void {
    if (hex.length !== 2 * HASH_BYTES) throw new RangeError('not a hash');
    this.#reserve(HASH_BYTES);
    for (let i = 0; i < HASH_BYTES; i++) {
      this.#bytes[this.#length++] =
        digitValue(hex.charCodeAt(2 * i)) * 16 + digitValue(hex.charCodeAt(2 * i + 1));
    }
  }

  /** Nanoseconds since 1970, before or after, as far as any file system goes. */
  time(ns: bigint): void {
    const rest = ns % NS_PER_SECOND;
    const nanoseconds = rest < 0n ? rest + NS_PER_SECOND : rest;
    const seconds = (ns - nanoseconds) / NS_PER_SECOND;
    if (BigInt.asIntN(64, seconds) !== seconds) throw new RangeError(`no time: ${ns}`);
    this.#reserve(TIME_BYTES);
    this.#view.setBigInt64(this.#length, seconds);
    this.#view.setUint32(this.#length + 8, Number(nanoseconds));
    this.#length += TIME_BYTES;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Reads what a `Writer` wrote. Keeps no copy: `bytes` returns views of the input. */
export class Reader {
  readonly #bytes: Uint8Array;
  #view: DataView | null = null;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  /** Throws when bytes are left over. */
  end(): void {
    if (this.remaining > 0) throw new DecodeError(`${this.remaining} bytes too many`);
  }

  byte(): number {
    const byte = this.#bytes[this.#position];
    if (byte === undefined) throw new DecodeError('cut off');
    this.#position++;
    return byte;
  }

  uint(max: number = Number.MAX_SAFE_INTEGER): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (value > max) throw new DecodeError('number too large');
      if (byte < 0x80) {
        if (byte === 0 && scale > 1) throw new DecodeError('number not in its shortest form');
        return value;
      }
      if (scale > 2 ** 42) throw new DecodeError('number too long');
    }
  }

  /** The number of elements that follow, each of at least `elementBytes`: never more than the input can hold. */
  count(elementBytes = 1): number {
    return this.uint(Math.floor(this.remaining / elementBytes));
  }

  byteString(maxLength: number): string {
    const bytes = this.bytes(maxLength);
    if (bytes.length <= CHUNK) return String.fromCharCode.apply(null, bytes as unknown as number[]);
    let text = '';
    for (let at = 0; at < bytes.length; at += CHUNK) {
      text += String.fromCharCode.apply(null, bytes.subarray(at, at + CHUNK) as unknown as number[]);
    }
    return text;
  }

  /** A view of the input, valid as long as that is. */
  bytes(maxLength: number): Uint8Array {
    const length = this.uint(maxLength);
    return this.#skip(length);
  }

  hash(): string {
    const bytes = this.#skip(HASH_BYTES);
    for (let i = 0; i < HASH_BYTES; i++) {
      const byte = bytes[i] ?? 0;
      hexCodes[2 * i] = digitCode(byte >> 4);
      hexCodes[2 * i + 1] = digitCode(byte & 15);
    }
    return String.fromCharCode.apply(null, hexCodes);
  }

  time(): bigint {
    if (this.remaining < TIME_BYTES) throw new DecodeError('cut off');
    const { buffer, byteOffset, length } = this.#bytes;
    this.#view ??= new DataView(buffer, byteOffset, length);
    const seconds = this.#view.getBigInt64(this.#position);
    const nanoseconds = BigInt(this.#view.getUint32(this.#position + 8));
    if (nanoseconds >= NS_PER_SECOND) throw new DecodeError('no time');
    this.#position += TIME_BYTES;
    return seconds * NS_PER_SECOND + nanoseconds;
  }

  skipHash(): void {
    this.#pass(HASH_BYTES);
  }

  skipTime(): void {
    this.#pass(TIME_BYTES);
  }

  skipBytes(maxLength: number): void {
    this.#pass(this.uint(maxLength));
  }

  #skip(length: number): Uint8Array {
    const start = this.#position;
    this.#pass(length);
    return this.#bytes.subarray(start, this.#position);
  }

  #pass(length: number): void {
    if (length > this.remaining) throw new DecodeError('cut off');
    this.#position += length;
  }
}

/** How many arguments one call takes without danger to the stack. */
const CHUNK = 4096;
const hexCodes: number[] = Array.from({ length: 2 * HASH_BYTES }, () => 0);

function digitCode(value: number): number {
  return value < 10 ? 0x30 + value : 0x57 + value;
}

function digitValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x61 && code <= 0x66) return code - 0x57;
  throw new RangeError('not a hash');
}

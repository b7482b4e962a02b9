/**
 * zstd for row batches and bulk bodies. What is compressed carries its length before compression, so that a receiver
 * knows what it will hold before it begins.
 */
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { ProtocolError } from './protocol-error.ts';

/** Below this there is nothing to gain. */
const MIN_BYTES = 512;
/** The window that a compressed frame may make us hold: 8 MiB, whatever its header says. */
const WINDOW_LOG_MAX = 23;
const compressOptions = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const compressAsync = promisify(zstdCompress);

/** Of what is longer, a piece from the middle shows whether it is worth while. */
const SAMPLE = 32 * 1024;

/** Compressed bytes, or null when they save less than an eighth. */
export function compress(raw: Uint8Array): Buffer | null {
  if (raw.length < MIN_BYTES) return null;
  if (raw.length > 4 * SAMPLE) {
    const middle = (raw.length - SAMPLE) / 2;
    const sample = raw.subarray(middle, middle + SAMPLE);
    if (ifSmaller(zstdCompressSync(sample, compressOptions), sample) === null) return null;
  }
  return ifSmaller(zstdCompressSync(raw, compressOptions), raw);
}

/** `compress` in a thread of its own, for what is too long for the control loop. */
export async function compressInBackground(raw: Uint8Array): Promise<Buffer | null> {
  return raw.length < MIN_BYTES ? null : ifSmaller(await compressAsync(raw, compressOptions), raw);
}

/**
 * Exactly `rawLength` bytes, in an ArrayBuffer of their own, or ProtocolError. Never holds more than that and the window,
 * whatever the input claims.
 */
export function decompress(bytes: Uint8Array, rawLength: number, limit: number): Buffer {
  if (rawLength > limit) {
    throw new ProtocolError(
      'too-large',
      `${rawLength} bytes after decompression, where ${limit} are allowed`,
    );
  }
  const raw = inflate(bytes, rawLength);
  if (raw.length !== rawLength)
    throw new ProtocolError('bad-frame', 'compressed data of another length than it says');
  if (raw.buffer.byteLength === raw.length) return raw;
  const own = Buffer.allocUnsafeSlow(raw.length);
  raw.copy(own);
  return own;
}

function inflate(bytes: Uint8Array, rawLength: number): Buffer {
  try {
    return zstdDecompressSync(bytes, {
      maxOutputLength: Math.max(1, rawLength),
      chunkSize: Math.max(64, rawLength),
      params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX },
    });
  } catch (error) {
    throw new ProtocolError('bad-frame', 'compressed data that cannot be read', error);
  }
}

function ifSmaller(compressed: Buffer, raw: Uint8Array): Buffer | null {
  return compressed.length < raw.length - raw.length / 8 ? compressed : null;
}

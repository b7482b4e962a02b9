/** An open file of a mapping, for content transfer. */
import type { Sha256 } from '../core/types.ts';
import type { Lane } from './lane.ts';
import type { Found } from './rolling.ts';
import type { BlockSearch, Opened } from './operations.ts';

export class DiskFile {
  /** bytes when it was opened */
  readonly size: number;
  readonly #lane: Lane;
  readonly #file: number;

  constructor(lane: Lane, { file, size }: Opened) {
    this.#lane = lane;
    this.#file = file;
    this.size = size;
  }

  /** Up to `length` bytes; fewer at the end of the file. */
  readAt(position: number, length: number): Promise<Uint8Array> {
    return this.#lane.call('readAt', { file: this.#file, position, length });
  }

  /** Reads into shared memory; resolves to how many bytes there were, fewer at the end of the file. */
  readInto(position: number, into: Uint8Array<SharedArrayBuffer>): Promise<number> {
    return this.#lane.call('readInto', { file: this.#file, position, into });
  }

  /** The bytes are given away: their buffer is gone afterwards, unless they are a part of it. */
  async writeAt(position: number, bytes: Uint8Array): Promise<void> {
    const { buffer } = bytes;
    const whole = buffer instanceof ArrayBuffer && bytes.byteLength === buffer.byteLength;
    await this.#lane.call(
      'writeAt',
      { file: this.#file, position, bytes },
      { transfer: whole ? [buffer] : [] },
    );
  }

  async truncate(size: number): Promise<void> {
    await this.#lane.call('truncate', { file: this.#file, size });
  }

  /** Of the whole file as it is now. */
  sha256(signal?: AbortSignal): Promise<Sha256> {
    return this.#lane.call('sha256', { file: this.#file }, signal && { signal });
  }

  /** SHA-256 of each block of `blockSize` bytes, the last one shorter; 32 bytes each, one after the other. */
  blockHashes(blockSize: number, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#lane.call('blockHashes', { file: this.#file, blockSize }, signal && { signal });
  }

  /** Weak hashes (rolling.ts) of these full blocks. */
  weakHashes(blocks: Uint32Array, blockSize: number, signal?: AbortSignal): Promise<Uint32Array> {
    return this.#lane.call('weakHashes', { file: this.#file, blocks, blockSize }, signal && { signal });
  }

  /** Where another file's blocks are in this one, in order and not overlapping. */
  searchBlocks(search: BlockSearch, signal?: AbortSignal): Promise<Found[]> {
    return this.#lane.call('searchBlocks', { file: this.#file, search }, signal && { signal });
  }

  /** Before `append`: hashes what is there, at most `limit` bytes, and cuts off the rest. Resolves to what was kept. */
  resumeDownload(limit: number, signal?: AbortSignal): Promise<number> {
    return this.#lane.call('resumeDownload', { file: this.#file, limit }, signal && { signal });
  }

  /** Writes at the end, hashing on the way. The bytes' whole buffer is given away, unless it is shared. */
  async append(bytes: Uint8Array): Promise<void> {
    const transfer = bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : [];
    await this.#lane.call('append', { file: this.#file, bytes }, { transfer });
  }

  /** Appends a part of another file; false when that has become shorter. Nothing else may be appended meanwhile. */
  appendFrom(from: DiskFile, position: number, length: number, signal?: AbortSignal): Promise<boolean> {
    const args = { file: this.#file, from: from.#file, position, length };
    return this.#lane.call('appendFrom', args, signal && { signal });
  }

  /** SHA-256 of all that was kept and appended, which is on the disk then when the mapping is durable. Nothing can be appended afterwards. */
  finishDownload(): Promise<Sha256> {
    return this.#lane.call('finishDownload', { file: this.#file });
  }

  /** Whether nothing has touched the file since it was opened. */
  isUnchanged(): Promise<boolean> {
    return this.#lane.call('isUnchanged', { file: this.#file });
  }

  async close(): Promise<void> {
    await this.#lane.call('closeFile', { file: this.#file });
  }
}

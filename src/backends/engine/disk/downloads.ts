/** Files that are being received: put together from the first byte to the last, and hashed on the way. */
import { createHash, type Hash } from 'node:crypto';
import type { Sys } from '../../../sys/sys.ts';
import { SysError } from '../../../sys/sys.ts';
import { timed } from '../../../util/timings.ts';
import type { Sha256 } from '../core/types.ts';
import { fill } from '../scan/read.ts';
import type { Files } from './files.ts';
import { FlushBehind } from './flush-behind.ts';

const CHUNK = 1024 * 1024;

interface Progress {
  readonly digest: Hash;
  /** null: what is received need not be on the disk when it is complete */
  readonly flushing: FlushBehind | null;
  size: number;
}

export class Downloads {
  readonly #sys: Sys;
  readonly #files: Files;
  readonly #progress = new Map<number, Progress>();

  constructor(sys: Sys, files: Files) {
    this.#sys = sys;
    this.#files = files;
  }

  /**
   * Hashes what is there from an earlier try, at most `limit` bytes; what is beyond is cut off. Returns its size.
   * @param isDurable whether what is complete is on the disk
   */
  *resume(file: number, limit: number, isDurable: boolean): Generator<null, number> {
    const fd = this.#files.fd(file);
    const flushing = isDurable ? new FlushBehind(fd) : null;
    const progress = { digest: createHash('sha256'), flushing, size: 0 };
    const chunk = new Uint8Array(CHUNK);
    while (progress.size < limit) {
      const room = chunk.subarray(0, Math.min(CHUNK, limit - progress.size));
      const length = fill(this.#sys, fd, room, progress.size);
      progress.digest.update(room.subarray(0, length));
      progress.size += length;
      if (length < room.length) break;
      yield null;
    }
    this.#sys.truncate(fd, progress.size);
    // Nobody knows how much of it is on the disk.
    void flushing?.wrote(progress.size);
    this.#progress.set(file, progress);
    return progress.size;
  }

  /** A promise: the disk is behind, let it catch up before more. Throws when the disk fails. */
  append(file: number, bytes: Uint8Array): Promise<void> | null {
    const progress = this.#get(file);
    timed('write', () => this.#sys.write(this.#files.fd(file), bytes, progress.size));
    timed('hash', () => progress.digest.update(bytes));
    progress.size += bytes.length;
    return progress.flushing?.wrote(bytes.length) ?? null;
  }

  /** Appends a part of another open file; false when that has become shorter. */
  *appendFrom(file: number, from: number, position: number, length: number): Generator<null, boolean> {
    const chunk = new Uint8Array(Math.min(CHUNK, length));
    for (let done = 0; done < length;) {
      const part = chunk.subarray(0, Math.min(CHUNK, length - done));
      if (fill(this.#sys, this.#files.fd(from), part, position + done) < part.length) return false;
      void this.append(file, part);
      done += part.length;
      yield null;
    }
    return true;
  }

  /** Of all that was put in, which is on the disk now if it is to be. Nothing can be added afterwards. */
  async finish(file: number): Promise<Sha256> {
    const { digest, flushing } = this.#get(file);
    const sha256 = digest.digest('hex') as Sha256;
    await flushing?.finish();
    return sha256;
  }

  /** Resolves when the file may be closed. */
  async forget(file: number): Promise<void> {
    const progress = this.#progress.get(file);
    this.#progress.delete(file);
    await progress?.flushing?.idle();
  }

  #get(file: number): Progress {
    const progress = this.#progress.get(file);
    if (progress === undefined)
      throw new SysError('EBADF', 'write', `file ${file}, which is not being received`);
    return progress;
  }
}

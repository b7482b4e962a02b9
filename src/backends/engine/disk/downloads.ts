/** Files that are being received: put together from the first byte to the last, and hashed on the way. */
import { createHash, type Hash } from 'node:crypto';
import type { Sys } from '../../../sys/sys.ts';
import { SysError } from '../../../sys/sys.ts';
import { timed } from '../../../util/timings.ts';
import type { Sha256 } from '../core/types.ts';
import { fill } from '../scan/read.ts';
import type { Files } from './files.ts';

const CHUNK = 1024 * 1024;

interface Progress {
  readonly digest: Hash;
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

  /** Hashes what is there from an earlier try, at most `limit` bytes; what is beyond is cut off. Returns its size. */
  *resume(file: number, limit: number): Generator<null, number> {
    const fd = this.#files.fd(file);
    const progress = { digest: createHash('sha256'), size: 0 };
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
    this.#progress.set(file, progress);
    return progress.size;
  }

  append(file: number, bytes: Uint8Array): void {
    const progress = this.#get(file);
    timed('write', () => this.#sys.write(this.#files.fd(file), bytes, progress.size));
    timed('hash', () => progress.digest.update(bytes));
    progress.size += bytes.length;
  }

  /** Appends a part of another open file; false when that has become shorter. */
  *appendFrom(file: number, from: number, position: number, length: number): Generator<null, boolean> {
    const chunk = new Uint8Array(Math.min(CHUNK, length));
    for (let done = 0; done < length;) {
      const part = chunk.subarray(0, Math.min(CHUNK, length - done));
      if (fill(this.#sys, this.#files.fd(from), part, position + done) < part.length) return false;
      this.append(file, part);
      done += part.length;
      yield null;
    }
    return true;
  }

  /** Of all that was put in. Nothing can be added afterwards. */
  sha256(file: number): Sha256 {
    const digest = this.#get(file).digest.digest('hex') as Sha256;
    this.#progress.delete(file);
    return digest;
  }

  forget(file: number): void {
    this.#progress.delete(file);
  }

  #get(file: number): Progress {
    const progress = this.#progress.get(file);
    if (progress === undefined)
      throw new SysError('EBADF', 'write', `file ${file}, which is not being received`);
    return progress;
  }
}

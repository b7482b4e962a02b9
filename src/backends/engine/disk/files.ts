/** Files that content transfer reads and writes, by number. Of each mapping only what is below its root (I12). */
import { createHash, hash } from 'node:crypto';
import { SysError, type Fd, type Stat, type Sys } from '../../../sys/sys.ts';
import { codeOf } from '../../../util/errors.ts';
import { timed } from '../../../util/timings.ts';
import type { Identity, RelPath, Sha256 } from '../core/types.ts';
import { DOWNLOAD_PREFIX } from '../apply/recover.ts';
import { identityNow } from '../scan/identity.ts';
import { fill } from '../scan/read.ts';
import { HIDDEN_DIR } from '../scan/root.ts';
import type { Opened, Wanted } from './operations.ts';

const TMP_DIR = `${HIDDEN_DIR}/tmp`;
const CHUNK = 1024 * 1024;
/** Hashed between two pauses. */
const PART = 8 * CHUNK;
const SHA256_BYTES = 32;

interface OpenFile {
  readonly mapping: number;
  readonly fd: Fd;
  readonly stat: Stat;
}

export class Files {
  readonly #sys: Sys;
  readonly #open = new Map<number, OpenFile>();
  /** Unlike any number of a worker that crashed: who still has one of those must not reach another file with it. */
  #next = Date.now() * 1024;

  constructor(sys: Sys) {
    this.#sys = sys;
  }

  /** null when the path does not hold the file that is believed there, or for `identity` null any file at all. */
  openPath(mapping: number, rootFd: Fd, path: RelPath, identity: Identity | null): Opened | null {
    return this.openKnown(mapping, openIfThere(this.#sys, rootFd, path), identity);
  }

  openKnown(mapping: number, fd: Fd | null, identity: Identity | null): Opened | null {
    if (fd === null) return null;
    const stat = this.#sys.fstat(fd);
    if (stat.kind === 'file' && (identity === null || isStill(identity, stat)))
      return this.#add(mapping, fd, stat);
    this.#sys.close(fd);
    return null;
  }

  /** Opens a temporary of this name to go on with it, or makes it. */
  openTemp(mapping: number, rootFd: Fd, name: string): Opened {
    const dir = this.#sys.openDir(rootFd, TMP_DIR);
    try {
      const fd = this.#openOrCreate(dir, checkedTemp(name));
      return this.#add(mapping, fd, this.#sys.fstat(fd));
    } finally {
      this.#sys.close(dir);
    }
  }

  removeTemp(rootFd: Fd, name: string): void {
    const dir = this.#sys.openDir(rootFd, TMP_DIR);
    try {
      this.#sys.unlink(dir, checkedTemp(name));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    } finally {
      this.#sys.close(dir);
    }
  }

  /** Those of content transfer. */
  listTemps(rootFd: Fd): { name: string; size: number; changedNs: bigint }[] {
    const dir = this.#sys.openDir(rootFd, TMP_DIR);
    try {
      return this.#sys
        .listStat(dir)
        .filter(({ name, stat }) => name.startsWith(DOWNLOAD_PREFIX) && stat.kind === 'file')
        .map(({ name, stat }) => ({ name, size: stat.size, changedNs: stat.ctimeNs }));
    } finally {
      this.#sys.close(dir);
    }
  }

  /** Up to `length` bytes; fewer at the end of the file. */
  readAt(file: number, position: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    const count = this.readInto(file, position, bytes);
    return count === length ? bytes : bytes.slice(0, count);
  }

  /** Fills `into` as far as there is something to read; returns how far. */
  readInto(file: number, position: number, into: Uint8Array): number {
    return timed('read', () => fill(this.#sys, this.#get(file).fd, into, position));
  }

  writeAt(file: number, position: number, bytes: Uint8Array): void {
    this.#sys.write(this.#get(file).fd, bytes, position);
  }

  truncate(file: number, size: number): void {
    this.#sys.truncate(this.#get(file).fd, size);
  }

  /** Whether nothing has touched the file since it was opened. */
  isUnchanged(file: number): boolean {
    const { fd, stat } = this.#get(file);
    return identityNow(this.#sys.fstat(fd)) === identityNow(stat);
  }

  *sha256(file: number): Generator<null, Sha256> {
    const { fd } = this.#get(file);
    const digest = createHash('sha256');
    const chunk = new Uint8Array(CHUNK);
    for (let position = 0; ;) {
      const length = fill(this.#sys, fd, chunk, position);
      digest.update(chunk.subarray(0, length));
      position += length;
      if (length < CHUNK) return digest.digest('hex') as Sha256;
      if (position % PART === 0) yield null;
    }
  }

  /** SHA-256 of each block of `blockSize` bytes, the last one shorter; 32 bytes each, one after the other. */
  *blockHashes(file: number, blockSize: number): Generator<null, Uint8Array<ArrayBuffer>> {
    const { fd } = this.#get(file);
    const count = Math.ceil(this.#sys.fstat(fd).size / blockSize);
    const hashes = new Uint8Array(count * SHA256_BYTES);
    const block = new Uint8Array(blockSize);
    for (let index = 0, sincePause = 0; index < count; index++) {
      const length = fill(this.#sys, fd, block, index * blockSize);
      hashes.set(hash('sha256', block.subarray(0, length), 'buffer'), index * SHA256_BYTES);
      sincePause += length;
      if (sincePause < PART) continue;
      sincePause = 0;
      yield null;
    }
    return hashes;
  }

  close(file: number): void {
    const open = this.#open.get(file);
    if (open === undefined) return;
    this.#open.delete(file);
    this.#sys.close(open.fd);
  }

  closeMapping(mapping: number): void {
    for (const [file, open] of this.#open) if (open.mapping === mapping) this.close(file);
  }

  #add(mapping: number, fd: Fd, stat: Stat): Opened {
    const file = this.#next++;
    this.#open.set(file, { mapping, fd, stat });
    return { file, size: stat.size };
  }

  /** Throws EBADF when it is closed. */
  fd(file: number): Fd {
    return this.#get(file).fd;
  }

  /** Throws EBADF when it is closed. */
  mapping(file: number): number {
    return this.#get(file).mapping;
  }

  #get(file: number): OpenFile {
    const open = this.#open.get(file);
    if (open === undefined) throw new SysError('EBADF', 'read', `file ${file}, which is closed`);
    return open;
  }

  #openOrCreate(dir: Fd, name: string): Fd {
    try {
      return this.#sys.openFileRw(dir, name);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      return this.#sys.createFile(dir, name);
    }
  }
}

/** Small files whole; null for one that is another than was asked for, or was changed. */
export function readSmall(
  sys: Sys,
  rootFd: Fd,
  { path, identity, sha256 }: Wanted,
): Uint8Array<ArrayBuffer> | null {
  const fd = openIfThere(sys, rootFd, path);
  if (fd === null) return null;
  try {
    const stat = sys.fstat(fd);
    if (stat.kind !== 'file' || !isStill(identity, stat)) return null;
    const bytes = new Uint8Array(stat.size);
    return fill(sys, fd, bytes, 0) === stat.size && hash('sha256', bytes, 'hex') === sha256 ? bytes : null;
  } finally {
    sys.close(fd);
  }
}

/** Provisional or not: what is read is compared with a hash in the end. */
function isStill(identity: Identity, stat: Stat): boolean {
  const [certain] = identity.split('~');
  return certain === identityNow(stat);
}

function openIfThere(sys: Sys, rootFd: Fd, path: RelPath): Fd | null {
  try {
    return sys.openFile(rootFd, path);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'EXDEV') return null;
    throw error;
  }
}

function checkedTemp(name: string): string {
  if (name.startsWith(DOWNLOAD_PREFIX) && !name.includes('/')) return name;
  throw new SysError('EINVAL', 'open', `temporary ${name}: its name must begin with ${DOWNLOAD_PREFIX}`);
}

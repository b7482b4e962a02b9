/** Reading a file whole, so that what was hashed is one version and not parts of two (replication.md 9.5). */
import { createHash, hash } from 'node:crypto';
import type { Fd, Stat, Sys } from '../../../sys/sys.ts';
import type { Sha256 } from '../core/types.ts';

const CHUNK = 1024 * 1024;
/** A file beyond this is hashed with a pause after each part of this size, so that other work gets in. */
const PART = 8 * 1024 * 1024;

export type ReadResult =
  | {
      readonly kind: 'read';
      readonly stat: Stat;
      readonly sha256: Sha256;
      readonly content: Uint8Array | null;
    }
  /** changed while it was read, or is no regular file any more */
  | { readonly kind: 'hot' };

let chunk: Uint8Array | null = null;

/**
 * Hashes through one descriptor, with equal stat before and after. Keeps the content of a file of at most `keepUpTo`
 * bytes. Yields between parts of large files. The descriptor stays open. Throws SysError.
 *
 * RACE: a write within one clock tick of the last one leaves size and times equal; the identity is then provisional
 * (sys/identity.ts) and the file is read again at the next look.
 */
export function* readWhole(sys: Sys, fd: Fd, keepUpTo: number): Generator<null, ReadResult> {
  const before = sys.fstat(fd);
  if (before.kind !== 'file') return { kind: 'hot' };
  const read =
    before.size < CHUNK ? readSmall(sys, fd, before.size, keepUpTo) : yield* readLarge(sys, fd, before.size);
  if (read === null || !unwritten(before, sys.fstat(fd))) return { kind: 'hot' };
  return { kind: 'read', stat: before, ...read };
}

/** Whether nothing has touched the inode between two looks at it; a file without a name is somebody's past version. */
function unwritten(before: Stat, after: Stat): boolean {
  return (
    after.size === before.size &&
    after.mtimeNs === before.mtimeNs &&
    after.ctimeNs === before.ctimeNs &&
    after.nlink > 0
  );
}

function readSmall(
  sys: Sys,
  fd: Fd,
  size: number,
  keepUpTo: number,
): { sha256: Sha256; content: Uint8Array | null } | null {
  chunk ??= new Uint8Array(CHUNK);
  const length = fill(sys, fd, chunk.subarray(0, size + 1), 0);
  if (length !== size) return null;
  const bytes = chunk.subarray(0, size);
  return { sha256: hash('sha256', bytes, 'hex') as Sha256, content: size <= keepUpTo ? bytes.slice() : null };
}

function* readLarge(
  sys: Sys,
  fd: Fd,
  size: number,
): Generator<null, { sha256: Sha256; content: null } | null> {
  chunk ??= new Uint8Array(CHUNK);
  const digest = createHash('sha256');
  let position = 0;
  for (;;) {
    const length = fill(sys, fd, chunk, position);
    digest.update(chunk.subarray(0, length));
    position += length;
    if (length < CHUNK) break;
    if (position > size) return null;
    if (position % PART === 0) yield null;
  }
  return position === size ? { sha256: digest.digest('hex') as Sha256, content: null } : null;
}

/** Reads until the buffer is full or the file ends; returns how much. */
export function fill(sys: Sys, fd: Fd, buffer: Uint8Array, position: number): number {
  let length = 0;
  while (length < buffer.length) {
    const count = sys.read(fd, buffer.subarray(length), position + length);
    if (count === 0) break;
    length += count;
  }
  return length;
}

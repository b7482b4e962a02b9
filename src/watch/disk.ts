/** What the watch host asks the disk: synchronous, absolute byte paths, outcomes instead of exceptions. */
import { Buffer } from 'node:buffer';
import { lstatSync, readdirSync, type BigIntStats } from 'node:fs';
import { codeOf } from '../util/errors.ts';
import type { DirIdentity } from './directory-index.ts';

export function lstatBytes(path: string): BigIntStats | null {
  try {
    return lstatSync(Buffer.from(path, 'latin1'), { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch {
    // ENOTDIR, ELOOP, ENAMETOOLONG, EACCES: there is nothing here that could be watched.
    return null;
  }
}

export type Names =
  | { readonly kind: 'names'; readonly entries: number; readonly directories: readonly string[] }
  | { readonly kind: 'failed'; readonly code: string };

export function readNames(path: string): Names {
  try {
    const options = { withFileTypes: true, encoding: 'latin1' } as const;
    const entries = readdirSync(Buffer.from(path, 'latin1'), options);
    const directories: string[] = [];
    for (const entry of entries) if (entry.isDirectory()) directories.push(entry.name);
    return { kind: 'names', entries: entries.length, directories };
  } catch (error) {
    return { kind: 'failed', code: codeOf(error) ?? 'EIO' };
  }
}

export function identityOf(stat: BigIntStats): DirIdentity {
  return { dev: stat.dev, ino: stat.ino, birthtimeNs: stat.birthtimeNs };
}

const TICK_MS = 50;
const COARSE_TICK_MS = 2_100;

/**
 * Whether a change just after this mtime could carry the same one (git's racy-clean rule): kernels stamp files with a
 * clock of 1 to 10 ms, and file systems without fractions of a second with one of up to 2 s.
 */
export function isSettled(mtimeNs: bigint, nowMs: number): boolean {
  const tick = mtimeNs % 1_000_000_000n === 0n ? COARSE_TICK_MS : TICK_MS;
  return nowMs - Number(mtimeNs / 1_000_000n) > tick;
}

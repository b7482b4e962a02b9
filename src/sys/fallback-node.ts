/** What node:fs gives and throws, as Sys has it. */
import { Buffer } from 'node:buffer';
import type { BigIntStats, Dirent } from 'node:fs';
import { errnoName } from './errno.ts';
import { kindOfMode } from './kinds.ts';
import { SysError } from './sys.ts';
import type { FileKind, Stat } from './sys.ts';

export function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** Repeats what a signal interrupted; node:fs's errors become SysErrors. */
export function attempt<T>(syscall: string, what: string | number, call: () => T): T {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (!(error instanceof Error) || !('errno' in error) || typeof error.errno !== 'number') throw error;
      const code = errnoName(-error.errno);
      if (code === 'EINTR' && syscall !== 'close') continue;
      throw new SysError(code, syscall, typeof what === 'number' ? `fd ${what}` : what);
    }
  }
}

export function statOf(stat: BigIntStats): Stat {
  const mode = Number(stat.mode);
  return {
    kind: kindOfMode(mode),
    mode: mode & 0o7777,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    nlink: Number(stat.nlink),
    size: Number(stat.size),
    dev: stat.dev,
    ino: stat.ino,
    mtimeNs: stat.mtimeNs,
    ctimeNs: stat.ctimeNs,
  };
}

export function kindOfDirent(entry: Dirent<Buffer>): FileKind | null {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'dir';
  if (entry.isSymbolicLink()) return 'symlink';
  if (entry.isFIFO()) return 'fifo';
  return entry.isSocket() || entry.isCharacterDevice() || entry.isBlockDevice() ? 'other' : null;
}

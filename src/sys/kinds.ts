/** What the kernel's numbers for types of files mean. */
import type { DirEntry, FileKind } from './sys.ts';

const S_IFMT = 0o170000;

/** Of st_mode. */
export function kindOfMode(mode: number): FileKind {
  switch (mode & S_IFMT) {
    case 0o100000:
      return 'file';
    case 0o040000:
      return 'dir';
    case 0o120000:
      return 'symlink';
    case 0o010000:
      return 'fifo';
    default:
      return 'other';
  }
}

/** Of d_type; null when the file system does not say. */
export function kindOfEntry(type: number): DirEntry['kind'] {
  switch (type) {
    case 0:
      return null;
    case 1:
      return 'fifo';
    case 4:
      return 'dir';
    case 8:
      return 'file';
    case 10:
      return 'symlink';
    default:
      return 'other';
  }
}

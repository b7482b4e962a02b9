/**
 * The system calls that csyncd makes on mapped directories, behind one synchronous interface: for worker threads, never
 * for the control loop. Implementations: `native.ts` (koffi), `fallback.ts` (node:fs), and the simulator's in-memory
 * file system in the tests. All pass the same conformance suite.
 *
 * Containment (I12) is by construction: only `openRoot` takes an absolute path; `openDir` and `openFile` resolve a path
 * beneath a directory descriptor without following any symlink; every other call takes a directory descriptor and one
 * name without `/`. Names and paths are byte strings (latin1). What is no name (`..`, `a/b`, a NUL, 256 bytes) never
 * reaches the kernel: EINVAL or ENAMETOOLONG.
 *
 * Every call throws SysError when it fails, and is repeated when a signal interrupts it.
 */
import { bytesToText } from '../util/bytes.ts';

export type Fd = number;
export type FileKind = 'file' | 'dir' | 'symlink' | 'fifo' | 'other';

export interface Stat {
  readonly kind: FileKind;
  /** 07777 of st_mode */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly nlink: number;
  /** bytes */
  readonly size: number;
  readonly dev: bigint;
  readonly ino: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

export interface DirEntry {
  readonly name: string;
  /** from d_type; null when the file system does not say */
  readonly kind: FileKind | null;
}

export interface FsInfo {
  /** statfs f_type */
  readonly type: number;
  readonly bytesFree: number;
  readonly bytesTotal: number;
  readonly inodesFree: number;
  readonly inodesTotal: number;
}

/**
 * `replace` overwrites; `noreplace` fails with EEXIST; `exchange` swaps both names atomically (ENOSYS where that cannot
 * be done: the fallback).
 */
export type RenameMode = 'replace' | 'noreplace' | 'exchange';

export interface Sys {
  /** Opens a mapping's root. Fails with ENOTDIR when it is not a directory, ELOOP when it is a symlink. */
  openRoot(path: string): Fd;
  /** Opens the directory at a relative path (`''` = at itself) for reading. ENOENT, ENOTDIR, ELOOP/EXDEV on a symlink. */
  openDir(at: Fd, path: string): Fd;
  /** Opens a file for reading (never blocks on a fifo). */
  openFile(at: Fd, path: string): Fd;
  /** Creates a new file for reading and writing, mode 0600. EEXIST when the name is taken. */
  createFile(dir: Fd, name: string): Fd;
  /** Opens an existing file for reading and writing; for resuming a temporary. */
  openFileRw(dir: Fd, name: string): Fd;
  close(fd: Fd): void;

  fstat(fd: Fd): Stat;
  /** null when there is no such name. */
  lstat(dir: Fd, name: string): Stat | null;
  /** All names but `.` and `..`, in no order. */
  list(dir: Fd): DirEntry[];
  /**
   * `list` with each entry's stat; an entry that vanishes meanwhile is left out. Fails as a whole when one entry cannot
   * be read (a damaged inode): then `list` and `lstat` tell which.
   */
  listStat(dir: Fd): { readonly name: string; readonly stat: Stat }[];
  readlink(dir: Fd, name: string): string;

  /** Reads up to `buffer.length` bytes at `position`; returns the count, 0 at the end. */
  read(fd: Fd, buffer: Uint8Array, position: number): number;
  /** Writes the whole buffer at `position`. */
  write(fd: Fd, buffer: Uint8Array, position: number): void;
  truncate(fd: Fd, size: number): void;

  /** `mode` less the process's umask, as with every creation: who needs it exact sets it afterwards. */
  mkdir(dir: Fd, name: string, mode: number): void;
  symlink(target: string, dir: Fd, name: string): void;
  mkfifo(dir: Fd, name: string, mode: number): void;
  link(fromDir: Fd, from: string, toDir: Fd, to: string): void;
  rename(fromDir: Fd, from: string, toDir: Fd, to: string, mode: RenameMode): void;
  unlink(dir: Fd, name: string): void;
  rmdir(dir: Fd, name: string): void;

  fchmod(fd: Fd, mode: number): void;
  /** Clears setuid and setgid of a file, as the kernel does: set the mode after the owner. */
  fchown(fd: Fd, uid: number, gid: number): void;
  /** The access time stays. A time that the file system cannot hold becomes the nearest that it can. */
  futimes(fd: Fd, mtimeNs: bigint): void;
  /** Owner, mode and time by name, of the name itself (a symlink is not followed). */
  lchown(dir: Fd, name: string, uid: number, gid: number): void;
  /** Not for symlinks, whose mode Linux does not keep. */
  chmodAt(dir: Fd, name: string, mode: number): void;
  lutimes(dir: Fd, name: string, mtimeNs: bigint): void;

  fsync(fd: Fd): void;
  /** Flushes the whole file system that the descriptor is on. */
  syncfs(fd: Fd): void;
  statfs(fd: Fd): FsInfo;
}

/** A failed system call: `code` is the errno's name, `path` the byte string or the descriptor that it was given. */
export class SysError extends Error {
  readonly code: string;
  readonly syscall: string;
  readonly path: string;

  constructor(code: string, syscall: string, path: string) {
    super(`${code}: ${syscall} ${bytesToText(path)}`);
    this.name = 'SysError';
    this.code = code;
    this.syscall = syscall;
    this.path = path;
  }
}

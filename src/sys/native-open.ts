/**
 * What all native calls share, and those that open: names in and errno out, signals, and resolving a path beneath a
 * directory.
 */
import { constants as fsConstants } from 'node:fs';
import { errnoName } from './errno.ts';
import type { Libc } from './libc.ts';
import { declareCalls } from './native-calls.ts';
import type { NativeCalls } from './native-calls.ts';
import { allocateMemory } from './native-memory.ts';
import type { NativeMemory } from './native-memory.ts';
import { checkBytes, checkName, namesOf, PATH_MAX } from './names.ts';
import { SysError } from './sys.ts';
import type { Fd } from './sys.ts';

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = fsConstants;
const O_CLOEXEC = 0o2000000;
const O_PATH = 0o10000000;
/** Names an inode without opening what it is. */
export const OPEN_AS_PATH = O_PATH | O_NOFOLLOW | O_CLOEXEC;
const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_NO_AUTOMOUNT = 0x800;
export const STATX_BASIC_STATS = 0x7ff;
/** RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS */
const RESOLVE = 0x08 | 0x04 | 0x02;

export class NativeOpen {
  private readonly libc: Libc;
  protected readonly calls: NativeCalls;
  protected readonly memory: NativeMemory;

  constructor(libc: Libc) {
    this.libc = libc;
    this.calls = declareCalls(libc);
    this.memory = allocateMemory(libc);
  }

  openRoot(path: string): Fd {
    checkBytes(path, 'open');
    if (!path.startsWith('/')) throw new SysError('EINVAL', 'open', path);
    // A trailing slash would follow a symlink.
    const address = this.memory.putFirst(path.replace(/\/+$/, '') || '/');
    const flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    let fd: number;
    do fd = this.calls.openat(AT_FDCWD, address, flags, 0);
    while (fd < 0 && this.interrupted());
    if (fd >= 0) return fd;
    const error = this.failure('open', path);
    if (error.code === 'ENOTDIR' && this.statAt(AT_FDCWD, address) === 0) {
      if (this.memory.takeStat().kind === 'symlink') throw new SysError('ELOOP', 'open', path);
    }
    throw error;
  }

  openDir(at: Fd, path: string): Fd {
    return this.openBeneath(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }

  openFile(at: Fd, path: string): Fd {
    return this.openBeneath(at, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  }

  createFile(dir: Fd, name: string): Fd {
    return this.openName(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC);
  }

  openFileRw(dir: Fd, name: string): Fd {
    return this.openName(dir, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  }

  close(fd: Fd): void {
    // Never repeated: Linux has closed the descriptor even when it says EINTR.
    if (this.calls.close(fd) < 0 && !this.interrupted()) throw this.failure('close', fd);
  }

  /** A path longer than the kernel takes at once is walked in stretches, each beneath the last. */
  private openBeneath(at: Fd, path: string, flags: number): Fd {
    const names = namesOf(path, 'open');
    if (path.length <= PATH_MAX) return this.openat2(at, path === '' ? '.' : path, flags);
    let dir = at;
    try {
      let stretch = '';
      for (const name of names) {
        const longer = stretch === '' ? name : `${stretch}/${name}`;
        if (longer.length <= PATH_MAX) {
          stretch = longer;
          continue;
        }
        const next = this.openat2(dir, stretch, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (dir !== at) this.close(dir);
        dir = next;
        stretch = name;
      }
      return this.openat2(dir, stretch, flags);
    } finally {
      if (dir !== at) this.close(dir);
    }
  }

  private openat2(at: Fd, path: string, flags: number): Fd {
    const address = this.memory.putFirst(path);
    this.memory.putHow(flags, RESOLVE);
    return this.check(() => this.calls.openat2(at, address, this.memory.how), 'open', path);
  }

  protected openName(dir: Fd, name: string, flags: number): Fd {
    return this.named('open', name, (address) => this.calls.openat(dir, address, flags, 0o600));
  }

  protected statAt(dir: Fd, address: number): number {
    const flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
    return this.calls.statx(dir, address, flags, STATX_BASIC_STATS, this.memory.stat);
  }

  protected named(syscall: string, name: string, call: (address: number) => number): number {
    checkName(name, syscall);
    const address = this.memory.putFirst(name);
    return this.check(() => call(address), syscall, name);
  }

  protected check(call: () => number, syscall: string, what: string | number): number {
    for (;;) {
      const result = call();
      if (result >= 0) return result;
      if (!this.interrupted()) throw this.failure(syscall, what);
    }
  }

  private interrupted(): boolean {
    return errnoName(this.libc.errno()) === 'EINTR';
  }

  protected failure(syscall: string, what: string | number): SysError {
    return new SysError(
      errnoName(this.libc.errno()),
      syscall,
      typeof what === 'number' ? `fd ${what}` : what,
    );
  }
}

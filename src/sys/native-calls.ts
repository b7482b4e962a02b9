/** The functions of the C library that the native adapter calls, by their prototypes. */
import type { Libc } from './libc.ts';

/** System calls without a function in older libraries; the numbers of x86-64 and arm64. */
const NUMBERS = { x64: { getdents64: 217, openat2: 437 }, arm64: { getdents64: 61, openat2: 437 } } as const;

export type Address = number;

export interface NativeCalls {
  readonly getdents64: (fd: number, buffer: Address, size: number) => number;
  readonly openat2: (dir: number, path: Address, how: Address) => number;
  readonly openat: (dir: number, path: Address, flags: number, mode: number) => number;
  readonly close: (fd: number) => number;
  readonly lseek: (fd: number, offset: number, whence: number) => number;
  readonly statx: (dir: number, path: Address, flags: number, mask: number, result: Address) => number;
  readonly readlinkat: (dir: number, path: Address, buffer: Address, size: number) => number;
  readonly pread: (fd: number, buffer: Uint8Array, size: number, offset: number) => number;
  readonly pwrite: (fd: number, buffer: Uint8Array, size: number, offset: number) => number;
  readonly ftruncate: (fd: number, size: number) => number;
  readonly mkdirat: (dir: number, path: Address, mode: number) => number;
  readonly symlinkat: (target: Address, dir: number, path: Address) => number;
  readonly mkfifoat: (dir: number, path: Address, mode: number) => number;
  readonly linkat: (fromDir: number, from: Address, toDir: number, to: Address, flags: number) => number;
  readonly renameat2: (fromDir: number, from: Address, toDir: number, to: Address, flags: number) => number;
  readonly unlinkat: (dir: number, path: Address, flags: number) => number;
  readonly fchmod: (fd: number, mode: number) => number;
  readonly chmod: (path: Address, mode: number) => number;
  readonly fchown: (fd: number, uid: number, gid: number) => number;
  readonly fchownat: (dir: number, path: Address, uid: number, gid: number, flags: number) => number;
  readonly futimens: (fd: number, times: Address) => number;
  readonly utimensat: (dir: number, path: Address, times: Address, flags: number) => number;
  readonly fsync: (fd: number) => number;
  readonly syncfs: (fd: number) => number;
  readonly fstatfs: (fd: number, result: Address) => number;
}

/** Throws when the library lacks one of them. */
export function declareCalls(libc: Libc): NativeCalls {
  type Syscall = (number: number, a: number, b: Address, c: Address, d: number) => number;
  const syscall = libc.func<Syscall>('long syscall(long, long, uintptr_t, uintptr_t, size_t)');
  const numbers = process.arch === 'arm64' ? NUMBERS.arm64 : NUMBERS.x64;
  return {
    getdents64: (fd, buffer, size) => syscall(numbers.getdents64, fd, buffer, size, 0),
    openat2: (dir, path, how) => syscall(numbers.openat2, dir, path, how, 24),
    openat: libc.func('int openat(int, uintptr_t, int, unsigned int)'),
    close: libc.func('int close(int)'),
    lseek: libc.func('int64_t lseek(int, int64_t, int)'),
    statx: libc.func('int statx(int, uintptr_t, int, unsigned int, uintptr_t)'),
    readlinkat: libc.func('long readlinkat(int, uintptr_t, uintptr_t, size_t)'),
    pread: libc.func('long pread64(int, _Out_ void *, size_t, int64_t)'),
    pwrite: libc.func('long pwrite64(int, const void *, size_t, int64_t)'),
    ftruncate: libc.func('int ftruncate64(int, int64_t)'),
    mkdirat: libc.func('int mkdirat(int, uintptr_t, unsigned int)'),
    symlinkat: libc.func('int symlinkat(uintptr_t, int, uintptr_t)'),
    mkfifoat: libc.func('int mkfifoat(int, uintptr_t, unsigned int)'),
    linkat: libc.func('int linkat(int, uintptr_t, int, uintptr_t, int)'),
    renameat2: libc.func('int renameat2(int, uintptr_t, int, uintptr_t, unsigned int)'),
    unlinkat: libc.func('int unlinkat(int, uintptr_t, int)'),
    fchmod: libc.func('int fchmod(int, unsigned int)'),
    chmod: libc.func('int chmod(uintptr_t, unsigned int)'),
    fchown: libc.func('int fchown(int, unsigned int, unsigned int)'),
    fchownat: libc.func('int fchownat(int, uintptr_t, unsigned int, unsigned int, int)'),
    futimens: libc.func('int futimens(int, uintptr_t)'),
    utimensat: libc.func('int utimensat(int, uintptr_t, uintptr_t, int)'),
    fsync: libc.func('int fsync(int)'),
    syncfs: libc.func('int syncfs(int)'),
    fstatfs: libc.func('int fstatfs64(int, uintptr_t)'),
  };
}

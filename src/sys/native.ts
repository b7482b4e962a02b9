/** The system calls by koffi: one C function a method, no allocation besides the result. */
import { kindOfEntry } from './kinds.ts';
import type { Libc } from './libc.ts';
import { DENTS_SIZE } from './native-memory.ts';
import {
  AT_NO_AUTOMOUNT,
  AT_SYMLINK_NOFOLLOW,
  NativeOpen,
  OPEN_AS_PATH,
  STATX_BASIC_STATS,
} from './native-open.ts';
import { checkBytes, checkName } from './names.ts';
import { renameNoReplace } from './noreplace.ts';
import { SysError } from './sys.ts';
import type { DirEntry, Fd, FsInfo, RenameMode, Stat, Sys } from './sys.ts';

const AT_REMOVEDIR = 0x200;
const AT_EMPTY_PATH = 0x1000;
const RENAME_FLAGS: Readonly<Record<RenameMode, number>> = { replace: 0, noreplace: 1, exchange: 2 };

/** Throws when the library or the kernel lacks something (openat2: Linux 5.6), or a sandbox forbids it. */
export function openNative(libc: Libc): Sys {
  const sys = new NativeSys(libc);
  const root = sys.openRoot('/');
  try {
    sys.close(sys.openDir(root, ''));
    sys.fstat(root);
  } finally {
    sys.close(root);
  }
  return sys;
}

class NativeSys extends NativeOpen implements Sys {
  fstat(fd: Fd): Stat {
    const { memory } = this;
    const empty = memory.putFirst('');
    const flags = AT_EMPTY_PATH | AT_NO_AUTOMOUNT;
    this.check(() => this.calls.statx(fd, empty, flags, STATX_BASIC_STATS, memory.stat), 'fstat', fd);
    return memory.takeStat();
  }

  lstat(dir: Fd, name: string): Stat | null {
    checkName(name, 'lstat');
    if (this.statAt(dir, this.memory.putFirst(name)) === 0) return this.memory.takeStat();
    const error = this.failure('lstat', name);
    if (error.code === 'ENOENT') return null;
    throw error;
  }

  list(dir: Fd): DirEntry[] {
    const entries: DirEntry[] = [];
    this.readEntries(dir, (name, _address, type) => {
      entries.push({ name, kind: kindOfEntry(type) });
    });
    return entries;
  }

  listStat(dir: Fd): { readonly name: string; readonly stat: Stat }[] {
    const { memory } = this;
    const entries: { name: string; stat: Stat }[] = [];
    this.readEntries(dir, (name, address) => {
      // The name stands NUL-terminated in the directory's buffer: the kernel reads it there.
      if (this.statAt(dir, address) === 0) {
        entries.push({ name, stat: memory.takeStat() });
        return;
      }
      const error = this.failure('lstat', name);
      if (error.code !== 'ENOENT') throw error;
    });
    return entries;
  }

  readlink(dir: Fd, name: string): string {
    checkName(name, 'readlink');
    const { text, textSize } = this.memory;
    const address = this.memory.putFirst(name);
    const length = this.check(() => this.calls.readlinkat(dir, address, text, textSize), 'readlink', name);
    return this.memory.takeText(length);
  }

  read(fd: Fd, buffer: Uint8Array, position: number): number {
    return this.check(() => this.calls.pread(fd, buffer, buffer.length, position), 'read', fd);
  }

  write(fd: Fd, buffer: Uint8Array, position: number): void {
    let done = 0;
    while (done < buffer.length) {
      const rest = done === 0 ? buffer : buffer.subarray(done);
      done += this.check(() => this.calls.pwrite(fd, rest, rest.length, position + done), 'write', fd);
    }
  }

  truncate(fd: Fd, size: number): void {
    this.check(() => this.calls.ftruncate(fd, size), 'truncate', fd);
  }

  mkdir(dir: Fd, name: string, mode: number): void {
    this.named('mkdir', name, (address) => this.calls.mkdirat(dir, address, mode));
  }

  symlink(target: string, dir: Fd, name: string): void {
    checkBytes(target, 'symlink');
    const to = this.memory.putSecond(target);
    this.named('symlink', name, (address) => this.calls.symlinkat(to, dir, address));
  }

  mkfifo(dir: Fd, name: string, mode: number): void {
    this.named('mkfifo', name, (address) => this.calls.mkfifoat(dir, address, mode));
  }

  link(fromDir: Fd, from: string, toDir: Fd, to: string): void {
    checkName(from, 'link');
    const source = this.memory.putSecond(from);
    this.named('link', to, (address) => this.calls.linkat(fromDir, source, toDir, address, 0));
  }

  rename(fromDir: Fd, from: string, toDir: Fd, to: string, mode: RenameMode): void {
    checkName(from, 'rename');
    checkName(to, 'rename');
    const source = this.memory.putFirst(from);
    const target = this.memory.putSecond(to);
    const flags = RENAME_FLAGS[mode];
    if (this.calls.renameat2(fromDir, source, toDir, target, flags) === 0) return;
    const error = this.failure('rename', to);
    // EINVAL: this file system (NFS, old ZFS) does not know the flag.
    if (mode !== 'noreplace' || error.code !== 'EINVAL') throw error;
    renameNoReplace(this, fromDir, from, toDir, to);
  }

  unlink(dir: Fd, name: string): void {
    this.named('unlink', name, (address) => this.calls.unlinkat(dir, address, 0));
  }

  rmdir(dir: Fd, name: string): void {
    this.named('rmdir', name, (address) => this.calls.unlinkat(dir, address, AT_REMOVEDIR));
  }

  fchmod(fd: Fd, mode: number): void {
    this.check(() => this.calls.fchmod(fd, mode), 'chmod', fd);
  }

  fchown(fd: Fd, uid: number, gid: number): void {
    this.check(() => this.calls.fchown(fd, uid, gid), 'chown', fd);
  }

  futimes(fd: Fd, mtimeNs: bigint): void {
    this.memory.putMtime(mtimeNs);
    this.check(() => this.calls.futimens(fd, this.memory.times), 'utimes', fd);
  }

  lchown(dir: Fd, name: string, uid: number, gid: number): void {
    this.named('chown', name, (address) => this.calls.fchownat(dir, address, uid, gid, AT_SYMLINK_NOFOLLOW));
  }

  chmodAt(dir: Fd, name: string, mode: number): void {
    // fchmodat follows symlinks; a path descriptor pins the inode, and /proc leads to that inode whatever its name does.
    const fd = this.openName(dir, name, OPEN_AS_PATH);
    try {
      if (this.fstat(fd).kind === 'symlink') throw new SysError('EOPNOTSUPP', 'chmod', name);
      const address = this.memory.putFirst(`/proc/self/fd/${fd}`);
      this.check(() => this.calls.chmod(address, mode), 'chmod', name);
    } finally {
      this.close(fd);
    }
  }

  lutimes(dir: Fd, name: string, mtimeNs: bigint): void {
    const { memory } = this;
    memory.putMtime(mtimeNs);
    this.named('utimes', name, (address) =>
      this.calls.utimensat(dir, address, memory.times, AT_SYMLINK_NOFOLLOW),
    );
  }

  fsync(fd: Fd): void {
    this.check(() => this.calls.fsync(fd), 'fsync', fd);
  }

  syncfs(fd: Fd): void {
    this.check(() => this.calls.syncfs(fd), 'syncfs', fd);
  }

  statfs(fd: Fd): FsInfo {
    this.check(() => this.calls.fstatfs(fd, this.memory.statfs), 'statfs', fd);
    return this.memory.takeFsInfo();
  }

  private readEntries(dir: Fd, visit: (name: string, address: number, type: number) => void): void {
    const { memory, calls } = this;
    // The descriptor's position is where the last listing ended.
    this.check(() => calls.lseek(dir, 0, 0), 'list', dir);
    for (;;) {
      const length = this.check(() => calls.getdents64(dir, memory.dents, DENTS_SIZE), 'list', dir);
      if (length === 0) return;
      memory.eachEntry(length, visit);
    }
  }
}

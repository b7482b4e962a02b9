/**
 * The system calls by node:fs, for machines where koffi or openat2 is missing. A name in a directory is
 * `/proc/self/fd/N/name`, so it needs /proc; a path is walked name by name without following symlinks. As safe as the
 * native calls, but slower, and with these differences:
 * - `exchange` throws ENOSYS;
 * - `noreplace` of a file is link and unlink, of a directory a look and a rename (noreplace.ts);
 * - `mkfifo`, `syncfs`, and times that a double cannot hold run a program (fallback-tools.ts), ENOSYS without it.
 */
import type { Buffer } from 'node:buffer';
import * as fs from 'node:fs';
import { attempt, bytesOf, kindOfDirent, statOf } from './fallback-node.ts';
import { FD_3, runTool, touch } from './fallback-tools.ts';
import { checkBytes, checkName, namesOf } from './names.ts';
import { renameNoReplace } from './noreplace.ts';
import { SysError } from './sys.ts';
import type { DirEntry, Fd, FsInfo, RenameMode, Stat, Sys } from './sys.ts';

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = fs.constants;
const O_PATH = 0o10000000;

/** Throws when /proc does not show this process's descriptors. */
export function openFallback(): Sys {
  const sys = new FallbackSys();
  const root = sys.openRoot('/');
  try {
    sys.close(sys.openDir(root, ''));
  } finally {
    sys.close(root);
  }
  return sys;
}

class FallbackSys implements Sys {
  openRoot(path: string): Fd {
    checkBytes(path, 'open');
    if (!path.startsWith('/')) throw new SysError('EINVAL', 'open', path);
    return openDirectory(bytesOf(path.replace(/\/+$/, '') || '/'), path);
  }

  openDir(at: Fd, path: string): Fd {
    const names = namesOf(path, 'open');
    let dir = openDirectory(bytesOf(`/proc/self/fd/${at}/.`), path);
    for (const name of names) {
      try {
        const next = openDirectory(pathOf(dir, name), path);
        this.close(dir);
        dir = next;
      } catch (error) {
        this.close(dir);
        throw error;
      }
    }
    return dir;
  }

  openFile(at: Fd, path: string): Fd {
    const names = namesOf(path, 'open');
    const name = names.pop();
    if (name === undefined) return this.openDir(at, path);
    const dir = this.openDir(at, names.join('/'));
    try {
      return openName(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    } finally {
      this.close(dir);
    }
  }

  createFile(dir: Fd, name: string): Fd {
    return openName(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
  }

  openFileRw(dir: Fd, name: string): Fd {
    return openName(dir, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  }

  close(fd: Fd): void {
    attempt('close', fd, () => fs.closeSync(fd));
  }

  fstat(fd: Fd): Stat {
    return attempt('fstat', fd, () => statOf(fs.fstatSync(fd, { bigint: true })));
  }

  lstat(dir: Fd, name: string): Stat | null {
    const path = pathOf(dir, name, 'lstat');
    return attempt('lstat', name, () => {
      const stat = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
      // ENOENT and ENOTDIR look alike here; the latter means that the descriptor is no directory.
      if (stat === undefined && !fs.fstatSync(dir).isDirectory())
        throw new SysError('ENOTDIR', 'lstat', name);
      return stat === undefined ? null : statOf(stat);
    });
  }

  list(dir: Fd): DirEntry[] {
    return direntsIn(dir).map((entry) => ({
      name: entry.name.toString('latin1'),
      kind: kindOfDirent(entry),
    }));
  }

  listStat(dir: Fd): { readonly name: string; readonly stat: Stat }[] {
    const entries: { name: string; stat: Stat }[] = [];
    for (const entry of direntsIn(dir)) {
      const name = entry.name.toString('latin1');
      const stat = this.lstat(dir, name);
      if (stat !== null) entries.push({ name, stat });
    }
    return entries;
  }

  readlink(dir: Fd, name: string): string {
    const path = pathOf(dir, name, 'readlink');
    return attempt('readlink', name, () => fs.readlinkSync(path, { encoding: 'buffer' }).toString('latin1'));
  }

  read(fd: Fd, buffer: Uint8Array, position: number): number {
    return attempt('read', fd, () => fs.readSync(fd, buffer, 0, buffer.length, position));
  }

  write(fd: Fd, buffer: Uint8Array, position: number): void {
    let done = 0;
    while (done < buffer.length) {
      const from = done;
      done += attempt('write', fd, () =>
        fs.writeSync(fd, buffer, from, buffer.length - from, position + from),
      );
    }
  }

  truncate(fd: Fd, size: number): void {
    attempt('truncate', fd, () => fs.ftruncateSync(fd, size));
  }

  mkdir(dir: Fd, name: string, mode: number): void {
    const path = pathOf(dir, name, 'mkdir');
    attempt('mkdir', name, () => fs.mkdirSync(path, { mode }));
  }

  symlink(target: string, dir: Fd, name: string): void {
    checkBytes(target, 'symlink');
    const path = pathOf(dir, name, 'symlink');
    attempt('symlink', name, () => fs.symlinkSync(bytesOf(target), path));
  }

  mkfifo(dir: Fd, name: string, mode: number): void {
    checkName(name, 'mkfifo');
    const octal = (mode & 0o7777 & ~process.umask()).toString(8);
    runTool(['mkfifo', '-m', octal, '--'], dir, `${FD_3}/${name}`, 'mkfifo', name);
  }

  link(fromDir: Fd, from: string, toDir: Fd, to: string): void {
    const source = pathOf(fromDir, from, 'link');
    const target = pathOf(toDir, to, 'link');
    attempt('link', to, () => fs.linkSync(source, target));
  }

  rename(fromDir: Fd, from: string, toDir: Fd, to: string, mode: RenameMode): void {
    const source = pathOf(fromDir, from, 'rename');
    const target = pathOf(toDir, to, 'rename');
    if (mode === 'exchange') throw new SysError('ENOSYS', 'rename', to);
    if (mode === 'noreplace') renameNoReplace(this, fromDir, from, toDir, to);
    else attempt('rename', to, () => fs.renameSync(source, target));
  }

  unlink(dir: Fd, name: string): void {
    const path = pathOf(dir, name, 'unlink');
    attempt('unlink', name, () => fs.unlinkSync(path));
  }

  rmdir(dir: Fd, name: string): void {
    const path = pathOf(dir, name, 'rmdir');
    attempt('rmdir', name, () => fs.rmdirSync(path));
  }

  fchmod(fd: Fd, mode: number): void {
    attempt('chmod', fd, () => fs.fchmodSync(fd, mode));
  }

  fchown(fd: Fd, uid: number, gid: number): void {
    attempt('chown', fd, () => fs.fchownSync(fd, uid, gid));
  }

  futimes(fd: Fd, mtimeNs: bigint): void {
    if (this.fstat(fd).mtimeNs === mtimeNs) return;
    touch(fd, mtimeNs, `fd ${fd}`);
  }

  lchown(dir: Fd, name: string, uid: number, gid: number): void {
    const path = pathOf(dir, name, 'chown');
    attempt('chown', name, () => fs.lchownSync(path, uid, gid));
  }

  chmodAt(dir: Fd, name: string, mode: number): void {
    this.withInode(dir, name, (fd) => {
      if (this.fstat(fd).kind === 'symlink') throw new SysError('EOPNOTSUPP', 'chmod', name);
      attempt('chmod', name, () => fs.chmodSync(`/proc/self/fd/${fd}`, mode));
    });
  }

  lutimes(dir: Fd, name: string, mtimeNs: bigint): void {
    this.withInode(dir, name, (fd) => touch(fd, mtimeNs, name));
  }

  fsync(fd: Fd): void {
    attempt('fsync', fd, () => fs.fsyncSync(fd));
  }

  syncfs(fd: Fd): void {
    runTool(['sync', '--file-system', '--'], fd, FD_3, 'syncfs', `fd ${fd}`);
  }

  statfs(fd: Fd): FsInfo {
    return attempt('statfs', fd, () => {
      const info = fs.statfsSync(`/proc/self/fd/${fd}`);
      return {
        type: info.type,
        bytesFree: info.bavail * info.bsize,
        bytesTotal: info.blocks * info.bsize,
        inodesFree: info.ffree,
        inodesTotal: info.files,
      };
    });
  }

  /** A path descriptor pins the inode, of a symlink too; /proc leads to that inode whatever its name does meanwhile. */
  private withInode(dir: Fd, name: string, use: (fd: Fd) => void): void {
    const fd = openName(dir, name, O_PATH | O_NOFOLLOW);
    try {
      use(fd);
    } finally {
      this.close(fd);
    }
  }
}

function openName(dir: Fd, name: string, flags: number): Fd {
  const path = pathOf(dir, name, 'open');
  return attempt('open', name, () => fs.openSync(path, flags, 0o600));
}

function openDirectory(path: Buffer, shown: string): Fd {
  return attempt('open', shown, () => {
    try {
      return fs.openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    } catch (error) {
      // The kernel says ENOTDIR of a symlink, too.
      const stat = fs.lstatSync(path, { throwIfNoEntry: false });
      if (stat?.isSymbolicLink() === true) throw new SysError('ELOOP', 'open', shown);
      throw error;
    }
  });
}

function direntsIn(dir: Fd): fs.Dirent<Buffer>[] {
  return attempt('list', dir, () => {
    const entries = fs.readdirSync(`/proc/self/fd/${dir}/.`, { encoding: 'buffer', withFileTypes: true });
    // The C library takes the kernel's ENOENT for the end of the listing: a removed directory must not pass for empty.
    if (entries.length === 0 && fs.fstatSync(dir).nlink === 0)
      throw new SysError('ENOENT', 'list', `fd ${dir}`);
    return entries;
  });
}

function pathOf(dir: Fd, name: string, syscall = 'open'): Buffer {
  checkName(name, syscall);
  return bytesOf(`/proc/self/fd/${dir}/${name}`);
}

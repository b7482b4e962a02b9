/**
 * `Sys` over a disk in memory: one of these is one process. Before every call its hook runs, which may let other actors
 * write, fail the call with an errno, or end the process in the middle of its work.
 */
import type { DirEntry, Fd, FsInfo, RenameMode, Stat, Sys } from '../../../src/sys/sys.ts';
import { checkBytes, checkName, namesOf } from '../../../src/sys/names.ts';
import { SysError } from '../../../src/sys/sys.ts';
import { Crash, Descriptors } from './descriptors.ts';
import type { Inode } from './disk.ts';
import { checkRename } from './renames.ts';
import { textOf } from './trees.ts';

export class SimFs extends Descriptors implements Sys {
  /** Content of an open file that users have no name for; null when they have one. */
  textOfHidden(fd: Fd): string | null {
    const { inode } = this.file(fd, 'read');
    return this.disk.isSeen(inode) ? null : textOf(inode);
  }

  openRoot(path: string): Fd {
    if (this.ended) throw new Crash('openRoot');
    this.hook?.('openRoot', null, path);
    checkBytes(path, 'openRoot');
    return this.fd(this.resolve(this.disk.root, path.replaceAll(/^\/+|\/+$/g, ''), 'openRoot', true), false);
  }

  openDir(at: Fd, path: string): Fd {
    return this.fd(this.resolve(this.at(at, 'openDir', path), path, 'openDir', true), false);
  }

  openFile(at: Fd, path: string): Fd {
    const inode = this.resolve(this.at(at, 'openFile', path), path, 'openFile', false);
    if (inode.kind === 'symlink') throw new SysError('ELOOP', 'openFile', path);
    return this.fd(inode, false);
  }

  createFile(dir: Fd, name: string): Fd {
    return this.fd(this.create(dir, name, 'createFile', 'file', 0o600, ''), true);
  }

  openFileRw(dir: Fd, name: string): Fd {
    const inode = this.named(this.at(dir, 'openFileRw', name), name, 'openFileRw');
    if (inode.kind === 'symlink') throw new SysError('ELOOP', 'openFileRw', name);
    if (inode.kind === 'dir') throw new SysError('EISDIR', 'openFileRw', name);
    return this.fd(inode, true);
  }

  close(fd: Fd): void {
    this.hook?.('close', this.file(fd, 'close').inode, '');
    this.drop(fd);
  }

  fstat(fd: Fd): Stat {
    return this.disk.stat(this.used(fd, 'fstat').inode);
  }

  lstat(dir: Fd, name: string): Stat | null {
    const inode = this.at(dir, 'lstat', name).entries.get(checked(name, 'lstat'));
    return inode === undefined ? null : this.disk.stat(inode);
  }

  list(dir: Fd): DirEntry[] {
    return [...this.dir(dir, 'list').entries].map(([name, { kind }]) => ({ name, kind }));
  }

  listStat(dir: Fd): { readonly name: string; readonly stat: Stat }[] {
    const entries = this.dir(dir, 'listStat').entries;
    return [...entries].map(([name, inode]) => ({ name, stat: this.disk.stat(inode) }));
  }

  readlink(dir: Fd, name: string): string {
    const inode = this.named(this.at(dir, 'readlink', name), name, 'readlink');
    if (inode.kind !== 'symlink') throw new SysError('EINVAL', 'readlink', name);
    return inode.target;
  }

  read(fd: Fd, buffer: Uint8Array, position: number): number {
    const { inode } = this.used(fd, 'read');
    if (inode.kind === 'dir') throw new SysError('EISDIR', 'read', inode.name);
    const count = Math.max(0, Math.min(buffer.length, inode.size - position));
    buffer.set(inode.data.subarray(position, position + count));
    return count;
  }

  write(fd: Fd, buffer: Uint8Array, position: number): void {
    const { inode } = this.writable(fd, 'write');
    if (buffer.length === 0) return;
    this.disk.resize(inode, Math.max(inode.size, position + buffer.length));
    inode.data.set(buffer, position);
  }

  truncate(fd: Fd, size: number): void {
    this.disk.resize(this.writable(fd, 'truncate').inode, size);
  }

  mkdir(dir: Fd, name: string, mode: number): void {
    this.create(dir, name, 'mkdir', 'dir', mode, '');
  }

  symlink(target: string, dir: Fd, name: string): void {
    checkBytes(target, 'symlink');
    this.create(dir, name, 'symlink', 'symlink', 0o777, target);
  }

  mkfifo(dir: Fd, name: string, mode: number): void {
    this.create(dir, name, 'mkfifo', 'fifo', mode, '');
  }

  link(fromDir: Fd, from: string, toDir: Fd, to: string): void {
    const inode = this.named(this.at(fromDir, 'link', from), from, 'link');
    const target = this.dir(toDir, 'link', true);
    if (inode.kind === 'dir') throw new SysError('EPERM', 'link', from);
    if (target.entries.has(checked(to, 'link'))) throw new SysError('EEXIST', 'link', to);
    this.room(target, to, 'link');
    this.disk.attach(target, to, inode);
  }

  rename(fromDir: Fd, from: string, toDir: Fd, to: string, mode: RenameMode): void {
    const source = this.at(fromDir, 'rename', from);
    const inode = this.named(source, from, 'rename');
    const target = this.dir(toDir, 'rename', true);
    const there = target.entries.get(checked(to, 'rename'));
    checkRename({ source, inode, target, there, name: to }, mode);
    if (there === inode) return;
    if (there === undefined) this.room(target, to, 'rename');
    this.disk.atomically(() => {
      if (there !== undefined) {
        there.opens++;
        this.disk.detach(target, to, there);
      }
      inode.opens++;
      this.disk.detach(source, from, inode);
      this.disk.attach(target, to, inode);
      inode.opens--;
      if (there === undefined) return;
      if (mode === 'exchange') this.disk.attach(source, from, there);
      there.opens--;
      this.disk.release(there);
    });
    if (there !== undefined) this.disk.unnamed(there);
  }

  unlink(dir: Fd, name: string): void {
    const parent = this.at(dir, 'unlink', name);
    const inode = this.named(parent, name, 'unlink');
    if (inode.kind === 'dir') throw new SysError('EISDIR', 'unlink', name);
    this.disk.detach(parent, name, inode);
    this.disk.unnamed(inode);
  }

  rmdir(dir: Fd, name: string): void {
    const parent = this.at(dir, 'rmdir', name);
    const inode = this.named(parent, name, 'rmdir');
    if (inode.kind !== 'dir') throw new SysError('ENOTDIR', 'rmdir', name);
    if (inode.entries.size > 0) throw new SysError('ENOTEMPTY', 'rmdir', name);
    this.disk.detach(parent, name, inode);
  }

  fchmod(fd: Fd, mode: number): void {
    this.disk.change(this.used(fd, 'fchmod').inode, { mode: mode & 0o7777 });
  }

  fchown(fd: Fd, uid: number, gid: number): void {
    this.chown(this.used(fd, 'fchown').inode, uid, gid);
  }

  futimes(fd: Fd, mtimeNs: bigint): void {
    this.disk.change(this.used(fd, 'futimes').inode, { mtimeNs });
  }

  lchown(dir: Fd, name: string, uid: number, gid: number): void {
    this.chown(this.named(this.at(dir, 'lchown', name), name, 'lchown'), uid, gid);
  }

  chmodAt(dir: Fd, name: string, mode: number): void {
    const inode = this.named(this.at(dir, 'chmodAt', name), name, 'chmodAt');
    if (inode.kind === 'symlink') throw new SysError('EOPNOTSUPP', 'chmodAt', name);
    this.disk.change(inode, { mode: mode & 0o7777 });
  }

  lutimes(dir: Fd, name: string, mtimeNs: bigint): void {
    this.disk.change(this.named(this.at(dir, 'lutimes', name), name, 'lutimes'), { mtimeNs });
  }

  fsync(fd: Fd): void {
    this.disk.flush(this.used(fd, 'fsync').inode);
  }

  syncfs(fd: Fd): void {
    this.used(fd, 'syncfs');
    this.disk.flushAll();
  }

  statfs(fd: Fd): FsInfo {
    this.used(fd, 'statfs');
    const total = Number.isFinite(this.disk.quota) ? this.disk.quota : 1e12;
    const inodes = { inodesFree: 1e6, inodesTotal: 2e6 };
    return { type: 0xef53, bytesFree: Math.max(0, total - this.disk.used), bytesTotal: total, ...inodes };
  }

  private chown(inode: Inode, uid: number, gid: number): void {
    // Linux takes set-uid, and set-gid of an executable, from a file whose owner changes, even for root.
    const special = (inode.mode & 0o010) === 0 ? 0o4000 : 0o6000;
    const mode = inode.kind === 'file' ? inode.mode & ~special : inode.mode;
    this.disk.change(inode, { uid, gid, mode });
  }

  private create(
    fd: Fd,
    name: string,
    call: keyof Sys,
    kind: Inode['kind'],
    mode: number,
    target: string,
  ): Inode {
    const dir = this.at(fd, call, name);
    if (dir.entries.has(checked(name, call))) throw new SysError('EEXIST', call, name);
    this.room(dir, name, call);
    const inode = this.disk.newInode(kind, mode & 0o7777, target);
    if ((dir.mode & 0o2000) !== 0) {
      inode.gid = dir.gid;
      if (kind === 'dir') inode.mode |= 0o2000;
    }
    this.disk.attach(dir, name, inode);
    return inode;
  }

  /** A name can be made in a directory that still exists, on a disk that is not full. */
  private room(dir: Inode, name: string, call: keyof Sys): void {
    if (dir.parent === null) throw new SysError('ENOENT', call, name);
    if (this.disk.used >= this.disk.quota) throw new SysError('ENOSPC', call, name);
  }

  private resolve(start: Inode, path: string, call: keyof Sys, wantDir: boolean): Inode {
    let inode = start;
    for (const name of namesOf(path, call)) {
      if (inode.kind === 'symlink') throw new SysError('ELOOP', call, path);
      if (inode.kind !== 'dir') throw new SysError('ENOTDIR', call, path);
      const next = inode.entries.get(name);
      if (next === undefined) throw new SysError('ENOENT', call, path);
      inode = next;
    }
    if (!wantDir || inode.kind === 'dir') return inode;
    throw new SysError(inode.kind === 'symlink' ? 'ELOOP' : 'ENOTDIR', call, path);
  }

  private named(dir: Inode, name: string, call: keyof Sys): Inode {
    const inode = dir.entries.get(checked(name, call));
    if (inode === undefined) throw new SysError('ENOENT', call, name);
    return inode;
  }
}

function checked(name: string, call: keyof Sys): string {
  checkName(name, call);
  return name;
}

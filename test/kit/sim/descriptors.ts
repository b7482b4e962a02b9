/** The open files of one process on a simulated disk, and the hook that sees each of its system calls first. */
import type { Fd, Sys } from '../../../src/sys/sys.ts';
import { SysError } from '../../../src/sys/sys.ts';
import type { Disk, Inode } from './disk.ts';

/** Called before each call with the inode it works on (a directory when the call takes a name in it). */
export type SysHook = (call: keyof Sys, inode: Inode | null, name: string) => void;

/** The process ended in the middle of a system call. */
export class Crash extends Error {}

interface Open {
  readonly inode: Inode;
  readonly writable: boolean;
}

export class Descriptors {
  protected readonly disk: Disk;
  protected readonly hook: SysHook | null;
  private readonly open = new Map<Fd, Open>();
  private nextFd = 3;
  protected ended = false;

  constructor(disk: Disk, hook: SysHook | null = null) {
    this.disk = disk;
    this.hook = hook;
  }

  /** The process is gone: its descriptors are closed, and whatever it still tries ends at once. */
  end(): void {
    for (const fd of this.open.keys()) this.drop(fd);
    this.ended = true;
  }

  protected fd(inode: Inode, writable: boolean): Fd {
    inode.opens++;
    this.open.set(this.nextFd, { inode, writable });
    return this.nextFd++;
  }

  protected drop(fd: Fd): void {
    const { inode } = this.file(fd, 'close');
    this.open.delete(fd);
    inode.opens--;
    this.disk.release(inode);
  }

  protected file(fd: Fd, call: keyof Sys): Open {
    if (this.ended) throw new Crash(call);
    const open = this.open.get(fd);
    if (open === undefined) throw new SysError('EBADF', call, String(fd));
    return open;
  }

  protected used(fd: Fd, call: keyof Sys): Open {
    const open = this.file(fd, call);
    this.hook?.(call, open.inode, '');
    return open;
  }

  protected writable(fd: Fd, call: keyof Sys): Open {
    const open = this.used(fd, call);
    if (!open.writable) throw new SysError('EBADF', call, String(fd));
    return open;
  }

  /** The directory that a call with a name works in; the hook runs first. */
  protected at(fd: Fd, call: keyof Sys, name: string): Inode {
    const { inode } = this.file(fd, call);
    this.hook?.(call, inode, name);
    if (inode.kind !== 'dir') throw new SysError('ENOTDIR', call, name);
    return inode;
  }

  protected dir(fd: Fd, call: keyof Sys, quiet = false): Inode {
    const { inode } = this.file(fd, call);
    if (!quiet) this.hook?.(call, inode, '');
    if (inode.kind !== 'dir') throw new SysError('ENOTDIR', call, inode.name);
    return inode;
  }
}

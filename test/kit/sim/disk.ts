/** A disk in memory: inodes, names, time stamps of a chosen granularity, a quota, and what a power cut or an image leaves. */
import type { FileKind, Stat } from '../../../src/sys/sys.ts';
import { SysError } from '../../../src/sys/sys.ts';
import { copyDir } from './image.ts';
import { Journal } from './journal.ts';
import type { Random } from './random.ts';
import { Stamps } from './stamps.ts';

export interface Inode {
  readonly kind: FileKind;
  readonly ino: bigint;
  mode: number;
  uid: number;
  gid: number;
  nlink: number;
  mtimeNs: bigint;
  ctimeNs: bigint;
  /** of a file: its bytes are the first `size` ones */
  data: Uint8Array;
  size: number;
  /** of a directory */
  readonly entries: Map<string, Inode>;
  parent: Inode | null;
  /** of a directory: name in its parent; of others: one of its names, to show */
  name: string;
  readonly target: string;
  opens: number;
  /** had a name that a user of the machine can see */
  published: boolean;
  /** how often the clock had been set back when it was last written */
  setBacks: number;
}

export interface DiskOptions {
  /** wall clock of the machine, ms since 1970 */
  readonly now: () => number;
  /** granularity of time stamps in ns; 0: every change has its own */
  readonly tickNs?: bigint;
  /** remember what a power cut would take back */
  readonly journalled?: boolean;
}

const EMPTY = new Uint8Array(0);
const NO_ENTRIES = new Map<string, Inode>();

export class Disk {
  readonly root: Inode;
  readonly dev = 42n;
  readonly stamps: Stamps;
  /** bytes that fit; writes beyond fail with ENOSPC */
  quota = Number.POSITIVE_INFINITY;
  used = 0;
  /** changes of anything on the disk: unchanged means that nobody wrote */
  writes = 0;
  /** A file that users could see has lost its last name. */
  onLastName: ((inode: Inode) => void) | null = null;

  private readonly options: Required<DiskOptions>;
  private nextIno = 2n;
  private readonly journal: Journal | null;

  constructor(options: DiskOptions) {
    this.options = { tickNs: 0n, journalled: true, ...options };
    this.stamps = new Stamps(this.options.now, this.options.tickNs);
    this.journal = this.options.journalled ? new Journal(this.options.now) : null;
    this.root = this.newInode('dir', 0o755, '');
    this.root.nlink = 2;
    this.root.parent = this.root;
    this.used = 0;
  }

  newInode(kind: FileKind, mode: number, target: string): Inode {
    const now = this.stamps.next();
    return {
      kind,
      ino: this.nextIno++,
      mode,
      uid: 0,
      gid: 0,
      nlink: 0,
      mtimeNs: now,
      ctimeNs: now,
      data: EMPTY,
      size: kind === 'symlink' ? target.length : 0,
      entries: kind === 'dir' ? new Map<string, Inode>() : NO_ENTRIES,
      parent: null,
      name: '',
      target,
      opens: 0,
      published: false,
      setBacks: this.stamps.setBacks,
    };
  }

  /** Gives an inode a name. The caller has checked that the name is free. */
  attach(dir: Inode, name: string, inode: Inode): void {
    const before = this.links(dir, inode);
    this.edit(() => {
      dir.entries.delete(name);
      before();
    });
    dir.entries.set(name, inode);
    inode.parent = dir;
    inode.name = name;
    inode.published ||= !this.isHidden(dir);
    inode.nlink += inode.kind === 'dir' ? 2 : 1;
    if (inode.kind === 'dir') dir.nlink++;
    this.touchDir(dir);
    inode.ctimeNs = dir.ctimeNs;
  }

  /** Takes a name away. An inode without name and descriptor is gone. */
  detach(dir: Inode, name: string, inode: Inode): void {
    const before = this.links(dir, inode);
    this.edit(() => {
      dir.entries.set(name, inode);
      before();
    });
    dir.entries.delete(name);
    inode.nlink -= inode.kind === 'dir' ? 2 : 1;
    if (inode.kind === 'dir') {
      dir.nlink--;
      inode.parent = null;
    }
    this.touchDir(dir);
    inode.ctimeNs = dir.ctimeNs;
    this.release(inode);
  }

  /** Called when a change of names is complete. */
  unnamed(inode: Inode): void {
    if (inode.nlink === 0 && inode.published) this.onLastName?.(inode);
  }

  /** The bytes of an inode that has neither name nor descriptor are free again. */
  release(inode: Inode): void {
    if (inode.nlink === 0 && inode.opens === 0) this.used -= inode.size;
  }

  /** Makes all changes of names in `body` one change. */
  atomically(body: () => void): void {
    if (this.journal === null) body();
    else this.journal.atomically(body);
    this.writes++;
  }

  /** Makes a file's content writable up to `size` bytes, and changes its size and times. */
  resize(inode: Inode, size: number): void {
    if (size > inode.size && this.used + size - inode.size > this.quota) {
      throw new SysError('ENOSPC', 'write', inode.name);
    }
    this.journal?.dirty(inode);
    if (size > inode.data.length) {
      const grown = new Uint8Array(Math.max(size, inode.data.length * 2));
      grown.set(inode.data.subarray(0, inode.size));
      inode.data = grown;
    } else if (size < inode.size) inode.data.fill(0, size, inode.size);
    this.used += size - inode.size;
    inode.size = size;
    inode.mtimeNs = inode.ctimeNs = this.stamps.ofWrite(inode);
    this.writes++;
  }

  /** Changes metadata, which the journal can take back. */
  change(inode: Inode, fields: { mode?: number; uid?: number; gid?: number; mtimeNs?: bigint }): void {
    const { mode, uid, gid, mtimeNs, ctimeNs } = inode;
    this.edit(() => Object.assign(inode, { mode, uid, gid, mtimeNs, ctimeNs }));
    Object.assign(inode, fields);
    inode.ctimeNs = this.stamps.next();
  }

  /** fsync: of a file its content; of a directory the names and metadata of all up to now. */
  flush(inode: Inode): void {
    this.journal?.flush(inode);
  }

  flushAll(): void {
    this.journal?.flushAll();
  }

  /** Leaves what the disk holds when the power comes back; returns the contents that are lost. No descriptor is open. */
  powerCut(random: Random): Uint8Array[] {
    const lost = this.journal?.cut(random, () => this.stamps.next()) ?? [];
    this.recount();
    return lost;
  }

  /** An image of the disk; the result puts it back. No descriptor is open then. */
  image(): () => void {
    const saved = copyDir(this.root, new Map());
    return () => {
      const { entries } = copyDir(saved, new Map());
      this.root.entries.clear();
      for (const [name, inode] of entries) {
        inode.parent = this.root;
        this.root.entries.set(name, inode);
      }
      this.root.nlink = saved.nlink;
      this.journal?.flushAll();
      this.recount();
    };
  }

  /** Each name below the root, parents first, in byte order. */
  walk(visit: (inode: Inode, path: string) => void): void {
    const into = (dir: Inode, prefix: string): void => {
      for (const name of [...dir.entries.keys()].sort()) {
        const inode = dir.entries.get(name);
        if (inode === undefined) continue;
        visit(inode, prefix + name);
        if (inode.kind === 'dir') into(inode, `${prefix}${name}/`);
      }
    };
    into(this.root, '');
  }

  /** Whether users have a name for it. */
  isSeen(inode: Inode): boolean {
    let seen = false;
    this.walk((other) => {
      seen ||= other === inode && other.parent !== null && !this.isHidden(other.parent);
    });
    return seen;
  }

  stat(inode: Inode): Stat {
    return {
      kind: inode.kind,
      mode: inode.mode,
      uid: inode.uid,
      gid: inode.gid,
      nlink: inode.nlink,
      size: inode.size,
      dev: this.dev,
      ino: inode.ino,
      mtimeNs: inode.mtimeNs,
      ctimeNs: inode.ctimeNs,
    };
  }

  /** Puts back what a change of names changes besides the name. */
  private links(dir: Inode, inode: Inode): () => void {
    const { parent, name, nlink, ctimeNs } = inode;
    const was = { nlink: dir.nlink, mtimeNs: dir.mtimeNs, ctimeNs: dir.ctimeNs };
    return () => {
      Object.assign(inode, { parent, name, nlink, ctimeNs });
      Object.assign(dir, was);
    };
  }

  /** Whether a directory is csyncd's own. */
  private isHidden(dir: Inode): boolean {
    for (let at: Inode | null = dir; at !== null && at !== this.root; at = at.parent) {
      if (at.parent === this.root && at.name === '.csyncd') return true;
    }
    return false;
  }

  private touchDir(dir: Inode): void {
    dir.mtimeNs = dir.ctimeNs = this.stamps.next();
  }

  private edit(undo: () => void): void {
    this.writes++;
    this.journal?.add(undo);
  }

  private recount(): void {
    this.writes++;
    this.used = 0;
    this.walk((inode) => void (this.used += inode.kind === 'file' ? inode.size : 0));
  }
}

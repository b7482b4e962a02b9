/**
 * What a power cut takes from a disk. Names and metadata are journalled in order, as ext4 and xfs do it: it takes back the
 * youngest changes, any number of them since the last flush of a directory or of the file system. Content is flushed per
 * file: it leaves what there was at the last flush, nothing, or the new content. Both reach the disk after a while anyway.
 */
import type { Inode } from './disk.ts';
import type { Random } from './random.ts';

const JOURNAL_MS = 5000;
const WRITEBACK_MS = 30_000;
const EMPTY = new Uint8Array(0);

interface Flushed {
  readonly data: Uint8Array;
  readonly mtimeNs: bigint;
  readonly since: number;
}

export class Journal {
  private readonly now: () => number;
  private entries: { readonly at: number; readonly undo: () => void }[] = [];
  private group: (() => void)[] | null = null;
  /** what a power cut gives back of a file's content */
  private readonly unflushed = new Map<Inode, Flushed>();

  constructor(now: () => number) {
    this.now = now;
  }

  /** A change of names or metadata, and how to take it back. */
  add(undo: () => void): void {
    if (this.group !== null) {
      this.group.push(undo);
      return;
    }
    const now = this.now();
    const { entries } = this;
    if (entries.length > 64 && now - (entries[32]?.at ?? now) >= JOURNAL_MS) entries.splice(0, 32);
    entries.push({ at: now, undo });
  }

  /** Makes all changes in `body` one entry, as `rename` is one. */
  atomically(body: () => void): void {
    const group: (() => void)[] = [];
    this.group = group;
    try {
      body();
    } finally {
      this.group = null;
    }
    this.add(() => group.toReversed().forEach((undo) => undo()));
  }

  /** A file's content is about to change. */
  dirty(inode: Inode): void {
    const now = this.now();
    const flushed = this.unflushed.get(inode);
    if (flushed !== undefined && now - flushed.since < WRITEBACK_MS) return;
    this.unflushed.set(inode, { data: inode.data.slice(0, inode.size), mtimeNs: inode.mtimeNs, since: now });
  }

  /** fsync: of a file its content; of a directory the names and metadata of all up to now. */
  flush(inode: Inode): void {
    if (inode.kind === 'dir') this.entries = [];
    else this.unflushed.delete(inode);
  }

  flushAll(): void {
    this.entries = [];
    this.unflushed.clear();
  }

  /** Takes back what a power cut takes; returns the contents that are lost. */
  cut(random: Random, stamp: () => bigint): Uint8Array[] {
    const now = this.now();
    const recent = this.entries.filter((entry) => now - entry.at < JOURNAL_MS);
    const lost = random.int(recent.length + 1);
    const named = new Set([...this.unflushed.keys()].filter(({ nlink }) => nlink > 0));
    const written = new Map([...this.unflushed.keys()].map((inode) => [inode, inode.mtimeNs]));
    for (const { undo } of recent.slice(recent.length - lost).toReversed()) undo();
    const gone: Uint8Array[] = [];
    for (const [inode, flushed] of this.unflushed) {
      const isKept = now - flushed.since >= WRITEBACK_MS || random.chance(0.4);
      // Content that reached the disk is of no use without a name.
      if (!isKept || (inode.nlink === 0 && named.has(inode))) gone.push(inode.data.subarray(0, inode.size));
      if (isKept) {
        // A disk may keep the content and give back the times of before: no stat shows that, so it is left out.
        if (inode.mtimeNs !== written.get(inode)) inode.ctimeNs = stamp();
        continue;
      }
      const data = random.chance(0.7) ? flushed.data : EMPTY;
      inode.data = data.slice();
      inode.size = data.length;
      inode.mtimeNs = flushed.mtimeNs;
      inode.ctimeNs = stamp();
    }
    this.flushAll();
    return gone;
  }
}

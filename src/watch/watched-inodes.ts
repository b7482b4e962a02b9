/** Which directories this process really watches: the kernel's own list, in /proc. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { DirIdentity } from './directory-index.ts';

/** Inode and device of everything that this process watches, over all its inotify descriptors. */
export class WatchedInodes {
  readonly #watched = new Set<string>();
  readonly #inodes = new Set<string>();
  readonly #devices = new Set<string>();

  add(inode: string, device: string): void {
    this.#watched.add(`${device} ${inode}`);
    this.#inodes.add(inode);
    this.#devices.add(device);
  }

  get size(): number {
    return this.#watched.size;
  }

  /**
   * Where a file system shows the kernel one device and stat another (btrfs subvolumes, some overlays), only the inode
   * number can be compared.
   */
  has({ dev, ino }: DirIdentity): boolean {
    const inode = ino.toString(16);
    const device = kernelDevice(dev).toString(16);
    return this.#devices.has(device) ? this.#watched.has(`${device} ${inode}`) : this.#inodes.has(inode);
  }
}

/** This process's inotify descriptors, by their numbers; empty where /proc does not tell. */
export function inotifyDescriptors(): ReadonlySet<string> {
  try {
    return new Set(readdirSync('/proc/self/fd').filter(isInotify));
  } catch {
    return new Set();
  }
}

/** What all inotify descriptors but these watch. Null where /proc does not tell. */
export function watchedInodes(without: ReadonlySet<string>): WatchedInodes | null {
  const watched = new WatchedInodes();
  try {
    for (const fd of readdirSync('/proc/self/fd')) {
      if (!isInotify(fd) || without.has(fd)) continue;
      const text = readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1');
      for (const [, inode = '', device = ''] of text.matchAll(/^inotify wd:\S+ ino:(\S+) sdev:(\S+)/gm)) {
        watched.add(inode, device);
      }
    }
  } catch {
    return null;
  }
  return watched;
}

function isInotify(fd: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`) === 'anon_inode:inotify';
  } catch {
    return false;
  }
}

/** st_dev (12 bits of major number around 20 of minor) as the kernel itself writes it: major << 20 | minor. */
function kernelDevice(dev: bigint): bigint {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xfffff000n);
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n);
  return (major << 20n) | minor;
}

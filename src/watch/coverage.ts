/**
 * Keeps the index of directories equal to the disk, and every directory in it watched. The recursive watch of
 * @parcel/watcher covers what existed when it began; a directory that appears later gets a watch of its own, a patch:
 * FIRST the patch, THEN its names are read, so that whatever is made in it is either read or reported.
 */
import { Buffer } from 'node:buffer';
import { watch } from 'node:fs';
import { codeOf } from '../util/errors.ts';
import { below, DirectoryIndex, sameDirectory, UNSETTLED, type DirNode } from './directory-index.ts';
import { identityOf, isSettled, lstatBytes, readNames } from './disk.ts';
import type { Hint } from './hint.ts';
import { Visits, type Visit } from './visits.ts';

export interface CoverageOptions {
  readonly root: string;
  /** false where inotify cannot see the changes (network file systems): everything counts as uncovered */
  readonly events: boolean;
  /** most directories that get a patch beside the recursive watch */
  readonly spares: number;
  /** whether a directory below the root is the mapping's and not hidden */
  readonly enters: (path: string) => boolean;
  readonly report: (hint: Hint) => void;
  /** something happened to `name` in a patched directory; null = somewhere in it */
  readonly onPatchEvent: (node: DirNode, name: string | null) => void;
  /** a directory that cannot be watched: ENOSPC, EMFILE, ENAMETOOLONG, EACCES … */
  readonly onUncovered: (path: string, code: string) => void;
}

/** ms of work at a stretch, so that events and signs of life pass in between */
const SLICE_MS = 10;
const PATCH_ATTEMPTS = 3;
const RETIRING_MS = 10_000;
/** Linux: bytes of a path, with the NUL at its end */
const PATH_MAX = 4096;

export class Coverage {
  readonly index = new DirectoryIndex();
  /** Directories without any watch. */
  readonly uncovered = new Set<DirNode>();
  readonly #options: CoverageOptions;
  readonly #visits = new Visits({
    enter: (node, patched) => this.#enter(node, patched),
    leave: (nodes) => (this.#unread = this.#unread.concat(nodes)),
  });
  readonly #assisted = new Set<DirNode>();
  #mayAssist = true;
  /** whether what has a spare patch is also watched by the recursive watch */
  #spared = false;
  #unread: DirNode[] = [];
  #patches = 0;

  constructor(options: CoverageOptions) {
    this.#options = options;
  }

  /** Patches of directories that the recursive watch does not cover. */
  get patches(): number {
    return this.#patches - this.#assisted.size;
  }

  /** Absolute byte path. */
  absolute(path: string): string {
    return path === '' ? this.#options.root : `${this.#options.root}/${path}`;
  }

  /**
   * Reads the tree, and gives each directory a patch first, for as many as may have a spare one.
   * @returns whether that was the whole tree: then all of it is watched, and the recursive watch is not waited for
   */
  async readSpared(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#visits.add({ open: [this.index.root], patched: 'spared', done: resolve });
    await promise;
    return this.#unread.length === 0;
  }

  /**
   * The recursive watch has begun, or cannot: then every directory needs a patch. Reads all that `readSpared` has not.
   */
  async readRest(recursive: boolean): Promise<void> {
    this.#spared = recursive;
    if (!recursive) this.#assisted.clear();
    const open = this.index.root.identity === null ? [this.index.root] : this.#unread.splice(0);
    if (open.length === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#visits.add({ open, patched: recursive ? 'no' : 'yes', done: resolve });
    await promise;
  }

  /** A directory that is not in the index yet, or no longer the one it was: watched, read, and hinted as a subtree. */
  cover(parent: DirNode, name: string): void {
    const known = parent.children?.get(name);
    if (known !== undefined) this.forget(known);
    this.coverAgain(this.index.add(parent, name));
  }

  /** Patches and reads a directory of the index and everything below it. */
  coverAgain(top: DirNode): void {
    const path = top.path();
    const done = (): void => this.#options.report({ path, scope: 'subtree' });
    this.#visits.add({ open: [top], patched: 'yes', done });
  }

  forget(node: DirNode): void {
    this.index.remove(node, (gone) => {
      this.#unpatch(gone);
      this.uncovered.delete(gone);
    });
  }

  /**
   * Compares a directory's names with the index after its mtime has changed, and hints them.
   * @returns false when the directory is gone or another one took its place (which is then being covered)
   */
  look(node: DirNode): boolean {
    const path = node.path();
    const fresh = this.#read(node);
    if (fresh === null) return false;
    this.#options.report({ path, scope: 'children' });
    for (const child of fresh) this.coverAgain(child);
    return true;
  }

  /**
   * Gives a directory a patch beside the recursive watch, which holds events back for 50 to 500 ms as soon as one follows
   * the other, and now and then loses one: of a change in place for good, because no mtime of a directory shows it.
   */
  assist(node: DirNode): void {
    if (!this.#spared || node.patch !== null || !this.#mayAssist || this.#options.spares === 0) return;
    if (!this.patch(node, true)) return;
    this.#assisted.add(node);
    const [oldest] = this.#assisted;
    if (this.#assisted.size > this.#options.spares && oldest !== undefined) this.#retire(oldest);
  }

  /** Its patch is given up when watches are short. */
  hasSpare(node: DirNode): boolean {
    return this.#assisted.has(node);
  }

  /** The recursive watch does not cover it: its spare patch is all that there is. */
  rely(node: DirNode): void {
    this.#assisted.delete(node);
  }

  /** Assists as many directories as may be. */
  async assistAll(): Promise<void> {
    let end = performance.now() + SLICE_MS;
    for (const node of this.index.all()) {
      if (!this.#mayAssist || this.#assisted.size >= this.#options.spares) return;
      if (node.identity !== null) this.assist(node);
      if (performance.now() < end) continue;
      await new Promise((resolve) => setImmediate(resolve));
      end = performance.now() + SLICE_MS;
    }
  }

  // RACE: what the patch has not told yet, the recursive watch must tell: for a while both are listened to.
  #retire(node: DirNode): void {
    this.#assisted.delete(node);
    node.patchedAt = Infinity;
    setTimeout(() => this.#unpatch(node), RETIRING_MS).unref();
  }

  /**
   * Gives a directory that is in the index its own watch. False when it cannot have one.
   * @param spare it is watched already: no harm when it gets none
   */
  patch(node: DirNode, spare = false): boolean {
    if (node.patch !== null) return true;
    const path = node.path();
    const absolute = this.absolute(path);
    for (let attempt = 0; attempt < PATCH_ATTEMPTS; attempt += 1) {
      const before = lstatBytes(absolute);
      if (before === null || !before.isDirectory()) return false;
      if (!this.#watch(node, path, absolute, spare)) return false;
      // RACE: the name may have come to stand for another directory between the two calls; then we watch the wrong one.
      const after = lstatBytes(absolute);
      if (after !== null && sameDirectory(identityOf(before), identityOf(after))) return true;
      this.#unpatch(node);
    }
    return false;
  }

  #watch(node: DirNode, path: string, absolute: string, spare: boolean): boolean {
    if (!this.#options.events) return this.#leaveUncovered(node, path, 'EOPNOTSUPP');
    try {
      const watcher = watch(Buffer.from(absolute, 'latin1'), { encoding: 'latin1' }, (_type, name) => {
        if (node.alive) this.#options.onPatchEvent(node, name);
      });
      watcher.on('error', () => this.#unpatch(node));
      node.patch = () => watcher.close();
      node.patchedAt = performance.now();
      this.#patches += 1;
      this.uncovered.delete(node);
      return true;
    } catch (error) {
      const code = codeOf(error) ?? 'EIO';
      if (code === 'ENOENT' || code === 'ENOTDIR') return false;
      if (spare) {
        this.#mayAssist = false;
        return false;
      }
      if (code === 'ENOSPC' && this.#freeSpares()) return this.#watch(node, path, absolute, spare);
      return this.#leaveUncovered(node, path, code);
    }
  }

  /** Watches are short: those that are not needed make room. */
  #freeSpares(): boolean {
    this.#mayAssist = false;
    if (!this.#spared) return false;
    const spares = [...this.#assisted];
    for (const node of spares) this.#unpatch(node);
    return spares.length > 0;
  }

  #leaveUncovered(node: DirNode, path: string, code: string): false {
    this.uncovered.add(node);
    this.#options.onUncovered(path, code);
    return false;
  }

  #unpatch(node: DirNode): void {
    if (node.patch === null) return;
    node.patch();
    node.patch = null;
    node.patchedAt = Infinity;
    this.#assisted.delete(node);
    this.#patches -= 1;
  }

  /** Patches and reads one directory; returns those in it, or null when it would need a spare patch and gets none. */
  #enter(node: DirNode, patched: Visit['patched']): DirNode[] | null {
    if (!node.alive) return [];
    if (patched === 'yes') this.patch(node);
    if (patched === 'spared') {
      if (this.#assisted.size >= this.#options.spares) return null;
      if (this.patch(node, true)) this.#assisted.add(node);
      else if (!this.#mayAssist) return null;
    }
    const fresh = this.#read(node) ?? [];
    // RACE: it was another directory each time, and what was read of it now was read unwatched.
    if (patched === 'spared' && node.alive && node.patch === null) this.#unread.push(node);
    return fresh;
  }

  /**
   * Reads a directory's names into the index: forgets subdirectories that are gone and returns those that are new. Null
   * when the directory is gone, or is not the one that the index knows.
   */
  #read(node: DirNode): DirNode[] | null {
    const path = node.path();
    const absolute = this.absolute(path);
    const stat = lstatBytes(absolute);
    if (stat === null || !stat.isDirectory()) {
      this.forget(node);
      this.#options.report({ path, scope: 'subtree' });
      return null;
    }
    const identity = identityOf(stat);
    if (node.identity !== null && !sameDirectory(node.identity, identity)) {
      // The root's identity is the root watch's business.
      if (node.parent !== null) this.cover(node.parent, node.name);
      return null;
    }
    node.identity = identity;
    const names = readNames(absolute);
    node.lookedAt = performance.now();
    node.touched = false;
    node.doubtful = false;
    if (names.kind === 'failed') {
      // Unreadable: looked at again in each sweep, because its mode may change without a change of its mtime.
      node.mtimeNs = UNSETTLED;
      if (names.code !== 'ENOENT') this.#leaveUncovered(node, path, names.code);
      return [];
    }
    if (node.patch !== null) this.uncovered.delete(node);
    node.mtimeNs = isSettled(stat.mtimeNs, Date.now()) ? stat.mtimeNs : UNSETTLED;
    node.entries = names.entries;
    return this.#compare(node, path, names.directories);
  }

  #compare(node: DirNode, path: string, directories: readonly string[]): DirNode[] {
    const present = new Set(directories);
    for (const [name, child] of node.children ?? []) {
      if (present.has(name)) continue;
      this.forget(child);
      this.#options.report({ path: below(path, name), scope: 'subtree' });
    }
    const fresh: DirNode[] = [];
    for (const name of directories) {
      const child = below(path, name);
      if (node.children?.has(name) === true || !this.#options.enters(child)) continue;
      if (this.absolute(child).length < PATH_MAX) fresh.push(this.index.add(node, name));
      else this.#options.onUncovered(child, 'ENAMETOOLONG');
    }
    return fresh;
  }
}

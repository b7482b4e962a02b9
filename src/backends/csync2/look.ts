/**
 * Finds what differs between a mapping's tree and what csync2 has recorded of it. Nothing does where csync2 itself was
 * at work: so neither what it has applied nor its temporaries lead to a run of csync2.
 */
import type { Fd } from '../../sys/sys.ts';
import type { DirtyPath } from '../backend.ts';
import { kindOf } from './checktxt.ts';
import { Comparison, NO_WAY, systemCode, type LookError, type Tree } from './comparison.ts';
import { confirm, type Confirmed, type Settling } from './confirm.ts';
import { baseOf, isBelowOneOf, parentOf } from './paths.ts';
import { mustBeSame, type RootIdentity } from './root.ts';
import { Slices } from './slices.ts';
import { goneBelow, walk } from './walk.ts';

export interface Findings extends Confirmed {
  /** could not be judged, or not yet: in the middle of a peer's session, just vanished, unreadable */
  readonly again: readonly DirtyPath[];
  readonly errors: readonly LookError[];
}

export const EVERYTHING: readonly DirtyPath[] = [{ path: '', scope: 'subtree' }];

const REACH = { entry: 0, children: 1, subtree: 2 } as const;
const MOST_TOGETHER = 500;

/**
 * Never takes a root that is missing, or another one, for an empty tree: throws ENOENT (a SysError) or `root-lost`.
 * Rejects with the signal's reason when it is aborted.
 */
export async function look(
  tree: Tree,
  places: readonly DirtyPath[],
  settling: Settling,
  signal: AbortSignal,
): Promise<Findings> {
  const slices = new Slices(signal);
  const version = await tree.table.version();
  const rootFd = tree.sys.openRoot(tree.rootPath);
  try {
    const root = tree.sys.fstat(rootFd);
    mustBeSame(tree.rootPath, root, tree.root ?? root);
    const comparison = new Comparison(tree, rootFd, slices);
    await lookAtAll(comparison, places);
    const confirmed = await confirm(comparison, version, settling);
    checkRoot(tree, root);
    const { again, errors } = comparison;
    return { ...confirmed, again: [...again.values()], errors: [...errors.values()] };
  } finally {
    tree.sys.close(rootFd);
  }
}

function checkRoot(tree: Tree, before: RootIdentity): void {
  const fd = tree.sys.openRoot(tree.rootPath);
  try {
    mustBeSame(tree.rootPath, tree.sys.fstat(fd), before);
  } finally {
    tree.sys.close(fd);
  }
}

/** Places by the directory that they are in, each once with its widest scope. */
class Queue {
  readonly #places = new Map<string, Map<string, DirtyPath>>();
  readonly #subtrees = new Set<string>();

  add(place: DirtyPath): void {
    if (isBelowOneOf(place.path, this.#subtrees)) return;
    const parent = place.path === '' ? '/' : parentOf(place.path);
    const beside = this.#places.get(parent) ?? new Map<string, DirtyPath>();
    this.#places.set(parent, beside);
    const known = beside.get(place.path);
    if (known === undefined || REACH[known.scope] < REACH[place.scope]) beside.set(place.path, place);
    if (place.scope === 'subtree') this.#subtrees.add(place.path);
  }

  /** Some of one directory; null when there are none left. */
  take(): readonly DirtyPath[] | null {
    for (const [parent, beside] of this.#places) {
      const taken: DirtyPath[] = [];
      for (const place of beside.values()) {
        if (taken.length >= MOST_TOGETHER) break;
        beside.delete(place.path);
        if (!isBelowOneOf(place.path, this.#subtrees)) taken.push(place);
      }
      if (beside.size === 0) this.#places.delete(parent);
      if (taken.length > 0) return taken;
    }
    return null;
  }
}

async function lookAtAll(comparison: Comparison, places: readonly DirtyPath[]): Promise<void> {
  const queue = new Queue();
  for (const place of places) {
    queue.add(place);
    if (comparison.slices.isOver) await comparison.slices.rest();
  }
  for (let beside = queue.take(); beside !== null; beside = queue.take()) {
    if (beside[0]?.path === '') await lookAtRoot(comparison, beside[0]);
    else await lookAtNames(comparison, queue, beside);
  }
}

async function lookAtRoot(comparison: Comparison, { scope }: DirtyPath): Promise<void> {
  const { rootFd, tree } = comparison;
  const found = comparison.foundAt(rootFd, '', tree.sys.fstat(rootFd));
  if (found !== null) {
    const texts = await tree.table.texts([tree.rootName]);
    comparison.compare('', found, texts.get(tree.rootName) ?? null);
  }
  if (scope !== 'entry') await walk(comparison, '', scope === 'subtree');
}

/** Names of one directory. */
async function lookAtNames(
  comparison: Comparison,
  queue: Queue,
  places: readonly DirtyPath[],
): Promise<void> {
  const { tree, slices } = comparison;
  const parent = parentOf(places[0]?.path ?? '');
  if (!tree.selection.enters(parent)) return;
  const texts = await tree.table.texts(
    [parent, ...places.map(({ path }) => path)].map((path) => comparison.nameOf(path)),
  );
  const textOf = (path: string): string | null => texts.get(comparison.nameOf(path)) ?? null;
  // A directory that is new, or none (any more), goes first, with all that is in it.
  const insteadTheParent = (): void => queue.add({ path: parent, scope: 'subtree' });
  if (parent !== '' && comparison.isNewDirectory(parent, textOf(parent))) return insteadTheParent();
  let fd: Fd;
  try {
    fd = tree.sys.openDir(comparison.rootFd, parent);
  } catch (error) {
    if (parent !== '' && NO_WAY.has(systemCode(error) ?? '')) return insteadTheParent();
    return comparison.failed(parent, 'subtree', error);
  }
  const below: (() => Promise<void>)[] = [];
  try {
    for (const { path, scope } of places) {
      if (slices.isOver) await slices.rest();
      const recorded = textOf(path);
      const there = lookAtName(comparison, fd, path, recorded);
      if (there === 'unknown') continue;
      const isDir = there === 'dir';
      const isNew = comparison.isNewDirectory(path, recorded);
      if (isDir && (scope !== 'entry' || isNew) && tree.selection.enters(path))
        below.push(() => walk(comparison, path, scope === 'subtree' || isNew));
      // Below what is not recorded itself files are, where the rules leave out the directory.
      const hadContent = recorded === null ? there === 'absent' : kindOf(recorded) === 'dir';
      if (!isDir && (scope !== 'entry' || hadContent)) below.push(() => goneBelow(comparison, path));
    }
  } finally {
    tree.sys.close(fd);
  }
  for (const lookBelow of below) await lookBelow();
}

function lookAtName(
  comparison: Comparison,
  fd: Fd,
  path: string,
  recorded: string | null,
): 'dir' | 'other' | 'absent' | 'unknown' {
  try {
    const stat = comparison.tree.sys.lstat(fd, baseOf(path));
    if (stat === null) {
      if (recorded !== null) comparison.goneAt(path, recorded);
      return 'absent';
    }
    const found = comparison.foundAt(fd, path, stat);
    if (found === null) return 'unknown';
    comparison.compare(path, found, recorded);
    return stat.kind === 'dir' ? 'dir' : 'other';
  } catch (error) {
    comparison.failed(path, 'entry', error);
    return 'unknown';
  }
}

/** Looks: a name, the names in a directory, or everything below it, compared with what is believed. */
import { parseIdentity } from '../../../sys/identity.ts';
import { SysError, type Fd, type Stat } from '../../../sys/sys.ts';
import { codeOf, messageOf } from '../../../util/errors.ts';
import type { Identity, RelPath, Value } from '../core/types.ts';
import { baseOf, isLive, type Scan, type Steps } from './context.ts';
import { identityFound, identityNow } from './identity.ts';
import { byName, listDirectory, type Listed } from './list.ts';
import type { Believed, Look, Observation } from './observation.ts';
import { metadataOf } from './owner.ts';
import { join, nameOf, parentOf, ROOT } from './paths.ts';

/** A path on the way is not there, or is no directory (any more). */
const NO_WAY = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EXDEV']);
/** After this many names, others get in. */
const NAMES_A_STEP = 2000;

/** Looks at names of one directory, which is opened once for all of them. */
export function* lookSteps(scan: Scan, looks: readonly Look[]): Steps {
  const [first] = looks;
  if (first === undefined) return;
  if (first.path === ROOT) {
    if (first.scope !== 'entry') yield* treeSteps(scan, ROOT, first.scope === 'subtree');
    return;
  }
  const parent = parentOf(first.path);
  if (!scan.options.selection.enters(parent)) return;
  const open = looks.filter(
    ({ path, scope }) => !scan.gone.covers(path) && !scan.compared.has(scope === 'entry' ? parent : path),
  );
  if (open.length === 0) return;
  if (parent !== ROOT && !scan.compared.has(parent) && beliefOfDir(scan, parent) === null) {
    // Nothing is known of the directory that the path is in: it goes first, with all that is in it. What is believed in
    // what is no directory (its deletion came while it was being worked on) would be found by nothing else.
    for (const { path } of open) noteGone(scan, path, scan.beliefs.get(path));
    yield* lookSteps(scan, [{ path: parent, scope: 'entry' }]);
    return;
  }
  yield* entrySteps(scan, parent, open);
}

function beliefOfDir(scan: Scan, path: RelPath): Believed | null {
  const belief = scan.beliefs.get(path);
  return belief?.applied?.value.kind === 'dir' ? belief : null;
}

function* entrySteps(scan: Scan, parent: RelPath, looks: readonly Look[]): Steps {
  // Beliefs before the disk: what is believed later may be of what the disk shows later.
  const beliefs = looks.map(({ path }) => scan.beliefs.get(path));
  let fd: Fd;
  try {
    fd = scan.sys.openDir(scan.rootFd, parent);
  } catch (error) {
    if (!NO_WAY.has(codeOf(error) ?? '')) {
      scan.compared.add(parent);
      yield unreadable(parent, scan.beliefs.get(parent), error);
    } else if (parent !== ROOT) yield* lookSteps(scan, [{ path: parent, scope: 'entry' }]);
    return;
  }
  const below: { readonly path: RelPath; readonly deep: boolean }[] = [];
  try {
    if (scan.sys.fstat(fd).dev !== scan.options.root.dev) {
      scan.compared.add(parent);
      yield { path: parent, base: null, kind: 'mount' };
      return;
    }
    for (const [index, { path, scope }] of looks.entries()) {
      const dirs: Dir[] = [];
      yield* nameSteps(scan, fd, path, beliefs[index] ?? null, dirs);
      const [dir] = dirs;
      if (dir !== undefined && (dir.replaced || scope !== 'entry'))
        below.push({ path, deep: dir.replaced || scope === 'subtree' });
    }
  } finally {
    scan.sys.close(fd);
  }
  for (const { path, deep } of below) yield* treeSteps(scan, path, deep);
}

/** Looks at a name now. When it is a directory, `dirs` gets it. */
function* nameSteps(scan: Scan, fd: Fd, path: RelPath, belief: Believed | null, dirs: Dir[]): Steps {
  let stat: Stat | null;
  try {
    stat = scan.sys.lstat(fd, nameOf(path));
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    yield unreadable(path, belief, error);
    return;
  }
  if (stat === null) noteGone(scan, path, belief);
  else yield* compareOne(scan, fd, path, stat, belief, dirs);
}

/** A directory that was compared; `replaced` = it is not the one that was believed, so all in it is to be looked at. */
interface Dir {
  readonly path: RelPath;
  readonly replaced: boolean;
}

/** The names in a directory; when `deep`, and in those that are new, everything below. Parents first, depth first. */
function* treeSteps(scan: Scan, top: RelPath, deep: boolean): Steps {
  const open: { readonly path: RelPath; readonly deep: boolean }[] = [{ path: top, deep }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const dirs: Dir[] = [];
    yield* childSteps(scan, next.path, dirs);
    yield null;
    for (const dir of dirs.reverse()) {
      if (!next.deep && !dir.replaced) continue;
      if (scan.options.selection.enters(dir.path)) open.push({ path: dir.path, deep: true });
    }
  }
}

function* childSteps(scan: Scan, dir: RelPath, dirs: Dir[]): Steps {
  const { sys, options } = scan;
  // Before the disk: what is believed later may be of what the disk shows later.
  const believed = scan.beliefs.identities(dir);
  let fd: Fd;
  try {
    fd = sys.openDir(scan.rootFd, dir);
  } catch (error) {
    yield unreadable(dir, scan.beliefs.get(dir), error);
    return;
  }
  try {
    if (sys.fstat(fd).dev !== options.root.dev) return;
    const listing = listDirectory(sys, fd);
    if (listing.error !== null) {
      yield unreadable(dir, scan.beliefs.get(dir), listing.error);
      return;
    }
    scan.count.directories++;
    scan.compared.add(dir);
    const { same, others } = sortOut(scan, listing.entries, believed);
    for (const name of same) dirs.push({ path: join(dir, name), replaced: false });
    let names = 0;
    for (const { name, stat, error } of others.sort(byName)) {
      const path = join(dir, name);
      if (stat === null) yield unreadable(path, scan.beliefs.get(path), error);
      else if (!believed.has(name)) yield* compareOne(scan, fd, path, stat, null, dirs);
      else yield* nameSteps(scan, fd, path, scan.beliefs.get(path), dirs);
      believed.delete(name);
      if (++names % NAMES_A_STEP === 0) yield null;
    }
  } finally {
    sys.close(fd);
  }
  dirs.sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const name of believed.keys()) {
    const path = join(dir, name);
    noteGone(scan, path, scan.beliefs.get(path));
  }
}

/**
 * What is as it was believed, which is nearly everything, costs no more than this comparison: `same` are the directories
 * among it. It leaves `believed`.
 */
function sortOut(
  { options, count }: Scan,
  entries: readonly Listed[],
  believed: Map<string, Identity | null>,
): { readonly same: string[]; readonly others: Listed[] } {
  const same: string[] = [];
  const others: Listed[] = [];
  for (const entry of entries) {
    const { name, stat } = entry;
    const identity = believed.get(name);
    const isSame =
      identity !== undefined &&
      identity !== null &&
      stat !== null &&
      identity === identityNow(stat) &&
      stat.dev === options.root.dev &&
      (stat.kind !== 'file' || options.reread !== true);
    if (!isSame) {
      others.push(entry);
      continue;
    }
    count.entries++;
    if (stat.kind === 'dir') same.push(name);
    believed.delete(name);
  }
  return { same, others };
}

/** One name that cannot be examined must not end the walk (I16). */
function* compareOne(
  scan: Scan,
  dirFd: Fd,
  path: RelPath,
  stat: Stat,
  belief: Believed | null,
  dirs: Dir[],
): Steps {
  try {
    yield* compare(scan, dirFd, path, stat, belief, dirs);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    yield unreadable(path, belief, error);
  }
}

function* compare(
  scan: Scan,
  dirFd: Fd,
  path: RelPath,
  stat: Stat,
  belief: Believed | null,
  dirs: Dir[],
): Steps {
  if (!scan.options.selection.selects(path, stat.kind === 'dir')) return;
  scan.count.entries++;
  const base = baseOf(belief);
  if (stat.dev !== scan.options.root.dev) {
    yield { path, base, kind: 'mount' };
    return;
  }
  // Equal to an identity that was certain when it was formed: no write since can have left it equal.
  const same = base !== null && base === identityNow(stat);
  const believed = isLive(belief) ? belief.applied : null;
  const found = (): Identity => identityFound(stat, scan.options.now());
  const wasDir = believed?.value.kind === 'dir';
  if (wasDir && stat.kind !== 'dir') scan.gone.add(path, true);
  switch (stat.kind) {
    case 'dir':
      if (!same)
        yield present(path, base, { kind: 'dir', ...metadataOf(scan.options, stat, believed) }, found());
      dirs.push({ path, replaced: !wasDir || inodeOf(base) !== stat.ino });
      return;
    case 'file':
      if (!same || scan.options.reread === true) scan.unread.push({ path, belief, stat });
      return;
    case 'symlink': {
      if (same) return;
      const { owner } = metadataOf(scan.options, stat, believed);
      const target = scan.sys.readlink(dirFd, nameOf(path));
      yield present(path, base, { kind: 'symlink', target, mtimeNs: stat.mtimeNs, owner }, found());
      return;
    }
    case 'fifo':
      if (!same)
        yield present(
          path,
          base,
          { kind: 'fifo', mtimeNs: stat.mtimeNs, ...metadataOf(scan.options, stat, believed) },
          found(),
        );
      return;
    case 'other':
      yield { path, base, kind: 'unsupported' };
  }
}

function inodeOf(identity: Identity | null): bigint | null {
  return identity === null ? null : (parseIdentity(identity)?.ino ?? null);
}

function noteGone(scan: Scan, path: RelPath, belief: Believed | null): void {
  if (!isLive(belief)) return;
  // What the rules do not select (any more) is nobody's deletion.
  if (scan.options.selection.selects(path, belief.applied?.value.kind === 'dir')) scan.gone.add(path, false);
}

function present(path: RelPath, base: Identity | null, value: Value, identity: Identity): Observation {
  return { path, base, kind: 'present', value, identity, content: null, movedFrom: null };
}

/** What vanished or became something else since it was listed is looked at again, not judged. */
export function unreadable(path: RelPath, belief: Believed | null, error: unknown): Observation {
  const base = baseOf(belief);
  const code = codeOf(error) ?? 'unknown';
  if (NO_WAY.has(code)) return { path, base, kind: 'hot' };
  return { path, base, kind: 'unreadable', code, message: messageOf(error) };
}

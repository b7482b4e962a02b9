/** Placing a complete temporary under its name, with one system call that others see (I9). */
import type { Fd, Stat } from '../../../sys/sys.ts';
import { codeOf } from '../../../util/errors.ts';
import type { Identity } from '../core/types.ts';
import { identityFound, identityNow, identityUncertain } from '../scan/identity.ts';
import { nameOf } from '../scan/paths.ts';
import type { Change, Outcome } from './change.ts';
import { dropBackup, editIn, keep, keepAgain, setApartIn, type Kept } from './keep.ts';
import { isUnwritten, type Site } from './site.ts';
import { discard, type Staged } from './stage.ts';

/** The file system does not know the flags of renameat2, or has no second names. */
const UNSUPPORTED = new Set(['EINVAL', 'ENOSYS', 'EOPNOTSUPP', 'ENOTSUP', 'EPERM', 'EMLINK']);
/** Each round needs somebody else's rename within microseconds. */
const PUT_BACK_TRIES = 100;

/** Where nothing is expected: EEXIST means that somebody was faster. */
export function create(site: Site, change: Change, staged: Staged): Outcome {
  const dir = site.parent(change.path, true);
  if (!moveToFree(site, site.tmpFd, staged.name, dir, nameOf(change.path))) return { kind: 'stale' };
  return {
    kind: 'done',
    identity: placedIdentity(site, dir, nameOf(change.path), staged.stat),
    backedUp: false,
  };
}

/** Renames without replacing anything; false when the name is taken. */
export function moveToFree(site: Site, fromDir: Fd, from: string, toDir: Fd, to: string): boolean {
  const { sys } = site;
  try {
    sys.rename(fromDir, from, toDir, to, 'noreplace');
    return true;
  } catch (error) {
    const code = codeOf(error) ?? '';
    if (code === 'EEXIST') return false;
    if (!UNSUPPORTED.has(code)) throw error;
  }
  // RACE: a file that appears between look and rename is replaced; only where there are neither flags nor hard links.
  if (sys.lstat(toDir, to) !== null) return false;
  sys.rename(fromDir, from, toDir, to, 'replace');
  return true;
}

/**
 * Where a file, symlink or fifo is expected: kept by a second name in the backup, then names are exchanged, so that what
 * was really there is in hand afterwards. A reader finds the old or the new, never nothing.
 */
export function replace(site: Site, change: Change, staged: Staged): Outcome {
  const { sys } = site;
  const dir = site.parent(change.path, false);
  const name = nameOf(change.path);
  const fd = openExpected(site, dir, name);
  try {
    const before = fd === null ? sys.lstat(dir, name) : sys.fstat(fd);
    if (before === null || before.kind === 'dir' || identityNow(before) !== change.expected)
      return { kind: 'stale' };
    const id = change.backupId;
    const kept = id === null ? null : keep(site, dir, name, fd, before, id);
    if (kept === 'other') return { kind: 'stale' };
    return swap(site, change, staged, { dir, name, fd, before, kept });
  } finally {
    if (fd !== null) sys.close(fd);
  }
}

interface Target {
  readonly dir: Fd;
  readonly name: string;
  readonly fd: Fd | null;
  readonly before: Stat;
  readonly kept: Kept | null;
}

/** A descriptor of a regular file; null for what is none, or is not there. */
function openExpected(site: Site, dir: Fd, name: string): Fd | null {
  const kind = site.sys.lstat(dir, name)?.kind;
  if (kind !== 'file') return null;
  try {
    return site.sys.openFile(dir, name);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ELOOP') return null;
    throw error;
  }
}

function swap(site: Site, change: Change, staged: Staged, target: Target): Outcome {
  const { sys, tmpFd } = site;
  const { dir, name, before, kept } = target;
  const { backupId } = change;
  try {
    sys.rename(tmpFd, staged.name, dir, name, 'exchange');
  } catch (error) {
    const code = codeOf(error) ?? '';
    if (UNSUPPORTED.has(code) && code !== 'EPERM')
      return replaceWithoutExchange(site, change, staged, target);
    if (backupId !== null) dropBackup(site, backupId);
    // RACE: deleted since it was looked at.
    if (code === 'ENOENT') return { kind: 'stale' };
    throw error;
  }
  const caught = sys.lstat(tmpFd, staged.name);
  if (caught === null) return { kind: 'stale' };
  if (caught.ino !== before.ino) return caughtAnother(site, change, staged, target, caught);
  if (backupId === null) {
    // Nothing to keep but what a racing writer may have put there.
    if (!isUnwritten(before, caught)) return putBack(site, staged, target);
  } else if (kept === 'copied') sys.rename(tmpFd, staged.name, site.backupFd, backupId, 'replace');
  // It is placed: that the second name cannot be removed does not undo that.
  discard(site, staged.name);
  return placed(site, change, staged, target);
}

/** Looks once more at what was replaced (9.1, step 8), and remembers what took its place. */
function placed(site: Site, change: Change, staged: Staged, target: Target): Outcome {
  const { dir, name, before, fd } = target;
  const identity = placedIdentity(site, dir, name, staged.stat);
  const { backupId } = change;
  if (backupId === null) return { kind: 'done', identity, backedUp: false };
  const after = fd === null ? site.sys.lstat(site.backupFd, backupId) : site.sys.fstat(fd);
  if (after?.kind === 'file' && after.nlink > 1 && setApartIn(site, backupId)) {
    const copied = site.sys.lstat(site.backupFd, backupId);
    if (copied?.size === before.size && copied.mtimeNs === before.mtimeNs)
      return { kind: 'done', identity, backedUp: true };
    return { kind: 'raced', identity, edit: editIn(site, backupId, believed(change)) };
  }
  if (after === null || isUnwritten(before, after)) return { kind: 'done', identity, backedUp: true };
  return { kind: 'raced', identity, edit: editIn(site, backupId, believed(change)) };
}

/** RACE: between look and exchange somebody renamed their own file onto the name. It is an edit, and is kept as one. */
function caughtAnother(site: Site, change: Change, staged: Staged, target: Target, caught: Stat): Outcome {
  const { sys, tmpFd, backupFd } = site;
  const { backupId } = change;
  if (backupId === null || caught.kind === 'dir' || caught.kind === 'other') {
    if (backupId !== null) dropBackup(site, backupId);
    return putBack(site, staged, target);
  }
  sys.rename(tmpFd, staged.name, backupFd, backupId, 'replace');
  if (caught.nlink > 1) setApartIn(site, backupId);
  const identity = placedIdentity(site, target.dir, target.name, staged.stat);
  return { kind: 'raced', identity, edit: editIn(site, backupId, null) };
}

/** Exchanges again until our own file is in hand: whatever comes out instead was put there after ours, and stays. */
export function putBack(site: Site, staged: Staged, target: Pick<Target, 'dir' | 'name'>): Outcome {
  const { sys, tmpFd } = site;
  for (let tries = 0; tries < PUT_BACK_TRIES; tries++) {
    try {
      sys.rename(tmpFd, staged.name, target.dir, target.name, 'exchange');
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      // RACE: they deleted ours; what we hold is theirs from before, and goes back.
      if (moveToFree(site, tmpFd, staged.name, target.dir, target.name)) return { kind: 'stale' };
      continue;
    }
    if (sys.lstat(tmpFd, staged.name)?.ino === staged.stat.ino) return { kind: 'stale' };
  }
  throw new Error('a file is being replaced in an endless loop');
}

/**
 * RACE: a file that somebody renames onto the name between the last look and this is lost with its name; it takes
 * RENAME_EXCHANGE to close that gap.
 */
function replaceWithoutExchange(site: Site, change: Change, staged: Staged, target: Target): Outcome {
  const { kept, fd, before } = target;
  const { backupId } = change;
  try {
    if (!takePlace(site, staged, target)) return { kind: 'stale' };
  } catch (error) {
    if (backupId !== null) dropBackup(site, backupId);
    throw error;
  }
  if (kept === 'copied' && fd !== null && backupId !== null && !isUnwritten(before, site.sys.fstat(fd)))
    keepAgain(site, fd, backupId);
  return placed(site, change, staged, target);
}

function takePlace(site: Site, staged: Staged, { dir, name }: Target): boolean {
  const { sys, tmpFd } = site;
  if (staged.stat.kind !== 'dir') {
    sys.rename(tmpFd, staged.name, dir, name, 'replace');
    return true;
  }
  // The one gap in which there is nothing under the name: no system call puts a directory in a file's place.
  sys.unlink(dir, name);
  return moveToFree(site, tmpFd, staged.name, dir, name);
}

/** Where an empty directory is expected. */
export function replaceDir(site: Site, change: Change, staged: Staged): Outcome {
  const { sys, tmpFd } = site;
  const dir = site.parent(change.path, false);
  const name = nameOf(change.path);
  const before = sys.lstat(dir, name);
  if (before?.kind !== 'dir' || identityNow(before) !== change.expected) return { kind: 'stale' };
  if (sys.list(site.dir(change.path, false)).length > 0) return notEmpty();
  site.replaced(change.path);
  try {
    sys.rename(tmpFd, staged.name, dir, name, 'exchange');
  } catch (error) {
    if (!UNSUPPORTED.has(codeOf(error) ?? '')) throw error;
    // A gap in which there is nothing under the name.
    sys.rmdir(dir, name);
    return create(site, change, staged);
  }
  try {
    sys.rmdir(tmpFd, staged.name);
  } catch (error) {
    // RACE: a name was made in it, or somebody put something else in its place.
    putBack(site, staged, { dir, name });
    const code = codeOf(error);
    return code === 'ENOTEMPTY' || code === 'EEXIST' ? notEmpty() : { kind: 'stale' };
  }
  return { kind: 'done', identity: placedIdentity(site, dir, name, staged.stat), backedUp: false };
}

export function notEmpty(): Outcome {
  return {
    kind: 'failed',
    code: 'not-empty',
    message: 'the directory still holds names that are not synced',
  };
}

/**
 * The identity of what was placed: taken after the rename, which changes ctime. When somebody has already changed it or
 * put another file in its place, one that equals none that can be found.
 */
export function placedIdentity(site: Site, dir: Fd, name: string, staged: Stat): Identity {
  const clock = site.options.now();
  return identityAfter(staged, lookAgain(site, dir, name), clock);
}

/** @param clock from before it was found */
export function identityAfter(staged: Stat, found: Stat | null, clock: bigint): Identity {
  if (found === null || !isUnwritten(staged, found)) return identityUncertain(staged);
  // The time that was set is of this very moment: a write within the same clock tick would not change it.
  const byMtime = { ...found, ctimeNs: 0n };
  const isRacy = identityFound(byMtime, clock) !== identityNow(byMtime);
  return isRacy ? identityFound(found, clock) : identityNow(found);
}

/** It is placed: that it cannot be looked at (EIO) does not undo that, and must not be told as a failure to place it. */
export function lookAgain(site: Site, dir: Fd, name: string): Stat | null {
  try {
    return site.sys.lstat(dir, name);
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return null;
  }
}

export function believed(change: Change): { value: NonNullable<Change['from']>; identity: Identity } | null {
  return change.from === null || change.expected === null
    ? null
    : { value: change.from, identity: change.expected };
}

/**
 * Brings a batch of changes to the disk (replication.md 9.1, 9.2): all temporaries first, one flush, then each placed by
 * one rename, one flush of the directories. What is on the disk but was not expected there is somebody's edit: it is
 * left alone, or caught and kept. Each change has its own outcome; a failing one stops no other (I16).
 */
import { SysError, type Fd, type Sys } from '../../../sys/sys.ts';
import { codeOf, messageOf } from '../../../util/errors.ts';
import type { RelPath } from '../core/types.ts';
import { sameContent } from '../core/value.ts';
import { parentOf } from '../scan/paths.ts';
import { checkRoot, HIDDEN_DIR } from '../scan/root.ts';
import type { ApplyOptions, ApplyReport, Change, ChangeResult, Outcome } from './change.ts';
import { changeMetadata } from './metadata.ts';
import { move } from './move.ts';
import { create, replace, replaceDir } from './place.ts';
import { remove } from './remove.ts';
import { NoWay, Site } from './site.ts';
import { discardStaged, stage, type Staged } from './stage.ts';

/** Up to this many files or directories are flushed one by one, more by one flush of the whole file system. */
const FSYNC_AT_MOST = 16;

/**
 * Changes are taken in the order given: parents before their content, removals content first. One that puts something
 * in a directory's place comes after the removals of what was in it. Throws RootLost, and SysError when contents cannot be
 * flushed: then nothing was placed.
 */
export function applyBatch(
  sys: Sys,
  rootFd: Fd,
  changes: readonly Change[],
  options: ApplyOptions,
): ApplyReport {
  checkRoot(sys, rootFd, options.root);
  const site = new Site(sys, rootFd, options);
  try {
    const started = options.clock();
    const staged = stageAll(site, changes);
    const stagedAt = options.clock();
    flushFiles(site, staged);
    const flushedAt = options.clock();
    const placed = placeAll(site, changes, staged);
    const placedAt = options.clock();
    const results = flushPlaced(site, placed, changes.length - staged.size > FSYNC_AT_MOST);
    const flushMs = flushedAt - stagedAt + (options.clock() - placedAt);
    return { results, stageMs: stagedAt - started, flushMs, placeMs: placedAt - flushedAt };
  } finally {
    site.close();
  }
}

type Stages = ReadonlyMap<Change, Staged | Outcome>;

function stageAll(site: Site, changes: readonly Change[]): Stages {
  const staged = new Map<Change, Staged | Outcome>();
  const build = changes.filter(needsStaging);
  const oneByOne = site.options.durability === 'strict' && build.length <= FSYNC_AT_MOST;
  for (const change of build)
    staged.set(
      change,
      attempt(() => stage(site, change, oneByOne)),
    );
  return staged;
}

function needsStaging({ path, to, from, content }: Change): boolean {
  if (to.kind === 'absent' || !isOwnPath(path)) return false;
  if (to.kind === 'file' && content.kind === 'local' && content.move) return false;
  return !isMetadataOnly(to, from);
}

/** Symlinks and fifos are made anew instead: they cannot be changed by descriptor. */
function isMetadataOnly(to: Change['to'], from: Change['from']): boolean {
  return from !== null && (to.kind === 'file' || to.kind === 'dir') && sameContent(from, to);
}

/** Content is on the disk before a name leads to it, or a power cut would leave empty files. */
function flushFiles(site: Site, staged: Stages): void {
  if (site.options.durability === 'strict' && staged.size > FSYNC_AT_MOST) site.sys.syncfs(site.tmpFd);
}

/** What cannot be flushed counts as failed, though it is in its place: the next look finds it there. */
function flushPlaced(site: Site, placed: ChangeResult[], metadataToo: boolean): ChangeResult[] {
  try {
    flushNames(site, metadataToo);
    return placed;
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    const failure = { kind: 'failed', code: error.code, message: messageOf(error) } as const;
    return placed.map((result) => {
      const { outcome } = result;
      return outcome.kind === 'done'
        ? { ...result, outcome: { ...failure, backedUp: outcome.backedUp } }
        : result;
    });
  }
}

function flushNames(site: Site, metadataToo: boolean): void {
  const { sys, touched } = site;
  if (site.options.durability !== 'strict' || touched.size === 0) return;
  if (metadataToo || touched.size > FSYNC_AT_MOST) {
    sys.syncfs(site.tmpFd);
    return;
  }
  sys.fsync(site.backupFd);
  for (const path of touched) {
    try {
      sys.fsync(site.dir(path, false));
    } catch (error) {
      // A directory that is gone by now has nothing to flush.
      if (!(error instanceof NoWay) && codeOf(error) !== 'ENOENT') throw error;
    }
  }
}

function placeAll(site: Site, changes: readonly Change[], staged: Stages): ChangeResult[] {
  const results = new Map<Change, ChangeResult>();
  const oneByOne = site.options.durability === 'strict' && changes.length - staged.size <= FSYNC_AT_MOST;
  const isLast = (change: Change): boolean =>
    change.from?.kind === 'dir' && change.to.kind !== 'dir' && change.to.kind !== 'absent';
  for (const change of [...changes.filter((one) => !isLast(one)), ...changes.filter(isLast)]) {
    const stagedOne = staged.get(change) ?? null;
    const outcome = attempt(() => place(site, change, stagedOne, oneByOne));
    if (outcome.kind === 'done' || outcome.kind === 'raced') site.touched.add(parentOf(change.path));
    else if (stagedOne?.kind === 'staged') discardStaged(site, stagedOne);
    results.set(change, { path: change.path, outcome, parents: site.made });
    site.made = [];
  }
  return changes.flatMap((change) => results.get(change) ?? []);
}

function place(site: Site, change: Change, staged: Staged | Outcome | null, oneByOne: boolean): Outcome {
  const { to, from, content } = change;
  if (!isOwnPath(change.path))
    return { kind: 'failed', code: 'EINVAL', message: 'not a path of this mapping' };
  if (to.kind === 'absent') return remove(site, change);
  if (staged === null) {
    if (to.kind === 'file' && content.kind === 'local') return move(site, change, content);
    return to.kind === 'file' || to.kind === 'dir'
      ? changeMetadata(site, change, to, oneByOne)
      : { kind: 'stale' };
  }
  if (staged.kind !== 'staged') return staged;
  if (from === null || from.kind === 'absent') return create(site, change, staged);
  return from.kind === 'dir' ? replaceDir(site, change, staged) : replace(site, change, staged);
}

function attempt<T>(body: () => T | Outcome): T | Outcome {
  try {
    return body();
  } catch (error) {
    if (error instanceof NoWay) return { kind: 'stale' };
    if (!(error instanceof SysError)) throw error;
    if (error.code === 'ENOENT') return { kind: 'stale' };
    return { kind: 'failed', code: error.code, message: messageOf(error) };
  }
}

/** A second line of defence behind the wire's checks: a name below the root, and none of csyncd's own (I12). */
function isOwnPath(path: RelPath): boolean {
  if (path === '' || path.includes('\0')) return false;
  const names = path.split('/');
  return names[0] !== HIDDEN_DIR && names.every((name) => name !== '' && name !== '.' && name !== '..');
}

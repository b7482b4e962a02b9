/** Reads the files whose identity differs, once the renames among them can be known. */
import type { Fd, Stat } from '../../../sys/sys.ts';
import type { Identity, RelPath, Sha256, Value } from '../core/types.ts';
import { baseOf, type Scan, type ScanStep, type Steps, type Unread } from './context.ts';
import { identityFound, identityNow } from './identity.ts';
import { provesContent, type Gone } from './moves.ts';
import type { Observation } from './observation.ts';
import { metadataOf } from './owner.ts';
import { nameOf, parentOf } from './paths.ts';
import { readWhole } from './read.ts';
import { unreadable } from './walk.ts';

/** How long an emptied file is left alone: editors and shells truncate first and write then (replication.md 9.5). */
const EMPTIED_NS = 2_000_000_000n;

export function* unreadSteps(scan: Scan): Steps {
  const { sys, options } = scan;
  if (scan.unread.length === 0) return;
  scan.moves.update(scan.beliefs, scan.gone);
  let parent: RelPath | null = null;
  let fd: Fd | null = null;
  const started = options.clock();
  try {
    for (const file of scan.unread.splice(0)) {
      const moved = scan.moves.take(file.stat);
      if (moved !== null && provesContent(moved)) {
        yield found(
          scan,
          file,
          file.stat,
          identityFound(file.stat, options.now()),
          moved.sha256,
          null,
          moved,
        );
        continue;
      }
      if (parent !== parentOf(file.path)) {
        if (fd !== null) sys.close(fd);
        fd = null;
        parent = parentOf(file.path);
        fd = openOrNull(scan, parent);
      }
      if (fd === null) yield { path: file.path, base: baseOf(file.belief), kind: 'hot' };
      else yield* readSteps(scan, fd, file, moved);
    }
  } finally {
    if (fd !== null) sys.close(fd);
    scan.count.hashMs += options.clock() - started;
  }
}

function* readSteps(scan: Scan, dirFd: Fd, file: Unread, moved: Gone | null): Generator<ScanStep, void> {
  const { sys, options, count } = scan;
  const base = baseOf(file.belief);
  let fd: Fd;
  try {
    fd = sys.openFile(dirFd, nameOf(file.path));
  } catch (error) {
    yield unreadable(file.path, file.belief, error);
    return;
  }
  try {
    // Before the first byte is read: a time stamp that is older than this by more than a tick is of no later write.
    const now = options.now();
    const kept = options.contentBudget > scan.carried ? options.contentUpTo : -1;
    const read = yield* readWhole(sys, fd, kept);
    if (read.kind === 'hot' || wasJustEmptied(file, read.stat, now)) {
      yield { path: file.path, base, kind: 'hot' };
      return;
    }
    count.hashedFiles++;
    count.hashedBytes += read.stat.size;
    if (isCorrupt(file, read)) {
      yield { path: file.path, base, kind: 'corrupt' };
      return;
    }
    scan.carried += read.content?.length ?? 0;
    const same = moved !== null && moved.sha256 === read.sha256 ? moved : null;
    yield found(scan, file, read.stat, identityFound(read.stat, now), read.sha256, read.content, same);
  } catch (error) {
    yield unreadable(file.path, file.belief, error);
  } finally {
    sys.close(fd);
  }
}

/** A reread found what no write can have left: the identity is the one that was certain when the content was recorded. */
function isCorrupt({ belief }: Unread, { stat, sha256 }: { stat: Stat; sha256: Sha256 }): boolean {
  const believed = belief?.applied;
  if (believed?.value.kind !== 'file' || believed.identity !== identityNow(stat)) return false;
  return believed.value.sha256 !== sha256;
}

function openOrNull(scan: Scan, dir: RelPath): Fd | null {
  try {
    return scan.sys.openDir(scan.rootFd, dir);
  } catch {
    return null;
  }
}

function wasJustEmptied(file: Unread, stat: Stat, now: bigint): boolean {
  const before = file.belief?.applied?.value;
  if (stat.size > 0 || before?.kind !== 'file' || before.size === 0) return false;
  const age = now - stat.ctimeNs;
  return age >= 0n && age < EMPTIED_NS;
}

function found(
  scan: Scan,
  file: Unread,
  stat: Stat,
  identity: Identity,
  sha256: Sha256,
  content: Uint8Array | null,
  moved: Gone | null,
): Observation {
  const { size, mtimeNs } = stat;
  const value: Value = {
    kind: 'file',
    sha256,
    size,
    mtimeNs,
    ...metadataOf(scan.options, stat, (moved ?? file.belief)?.applied ?? null),
  };
  const movedFrom = moved?.path ?? null;
  return { path: file.path, base: baseOf(file.belief), kind: 'present', value, identity, content, movedFrom };
}

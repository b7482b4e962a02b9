/** What is believed and was not found: the last part of a scan, so that a rename's creation comes first. */
import type { Fd } from '../../../sys/sys.ts';
import { codeOf } from '../../../util/errors.ts';
import type { RelPath } from '../core/types.ts';
import { baseOf, isLive, type Scan, type Steps } from './context.ts';
import type { Believed } from './observation.ts';
import { nameOf, parentOf } from './paths.ts';

/** Yields what is gone, content before its directory. Each is looked for once more, after its belief was read again. */
export function* goneSteps(scan: Scan): Steps {
  for (const { path, below } of scan.gone) {
    const belief = scan.beliefs.get(path);
    const there = whatIsAt(scan, path);
    if (there === 'unknown' || (there === 'dir' && below)) continue;
    if (belief !== null && isDir(belief)) yield* contentSteps(scan, belief);
    if (!below && there === 'absent' && isLive(belief)) yield { path, base: baseOf(belief), kind: 'gone' };
    yield null;
  }
}

function isDir(belief: Believed): boolean {
  return belief.applied?.value.kind === 'dir';
}

interface Frame {
  readonly dir: Believed;
  readonly children: Believed[];
  /** null: the directory is not there, and so nothing in it */
  readonly fd: Fd | null;
}

/** All that is believed below a directory, bottom up. */
function* contentSteps(scan: Scan, top: Believed): Steps {
  const frames: Frame[] = [];
  try {
    push(scan, frames, top);
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      const child = frame.children.pop();
      if (child === undefined) {
        close(scan, frame);
        frames.pop();
        if (frame.dir !== top && isAbsent(scan, frames.at(-1), frame.dir.path))
          yield { path: frame.dir.path, base: baseOf(frame.dir), kind: 'gone' };
      } else if (isDir(child)) push(scan, frames, child);
      else if (isAbsent(scan, frame, child.path))
        yield { path: child.path, base: baseOf(child), kind: 'gone' };
    }
  } finally {
    for (const frame of frames) close(scan, frame);
  }
}

function push(scan: Scan, frames: Frame[], dir: Believed): void {
  const { selects } = scan.options.selection;
  const children = [...scan.beliefs.children(dir.path)].filter((child) => selects(child.path, isDir(child)));
  // Looked for after its content's beliefs were read, even below what was not there a moment ago: apply may have made it
  // anew meanwhile, and what it put there is believed already.
  const fd = openIfThere(scan, dir.path);
  if (fd !== 'unknown') frames.push({ dir, children: children.reverse(), fd });
}

function close(scan: Scan, frame: Frame): void {
  if (frame.fd !== null) scan.sys.close(frame.fd);
}

function isAbsent(scan: Scan, parent: Frame | undefined, path: RelPath): boolean {
  if (parent === undefined) return false;
  try {
    return parent.fd === null || scan.sys.lstat(parent.fd, nameOf(path)) === null;
  } catch {
    return false;
  }
}

/** null when there is no such directory (any more); `unknown` when it cannot be told: then nothing is judged. */
function openIfThere(scan: Scan, dir: RelPath): Fd | null | 'unknown' {
  try {
    return scan.sys.openDir(scan.rootFd, dir);
  } catch (error) {
    const code = codeOf(error);
    return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'EXDEV' ? null : 'unknown';
  }
}

/**
 * What is at a path now. Opened anew for each: a descriptor from before may be of a directory that was removed and made
 * again since, and would call gone what apply has just put there.
 */
function whatIsAt(scan: Scan, path: RelPath): 'absent' | 'dir' | 'other' | 'unknown' {
  const fd = openIfThere(scan, parentOf(path));
  if (fd === 'unknown') return 'unknown';
  if (fd === null) return 'absent';
  try {
    const stat = scan.sys.lstat(fd, nameOf(path));
    return stat === null ? 'absent' : stat.kind === 'dir' ? 'dir' : 'other';
  } catch {
    return 'unknown';
  } finally {
    scan.sys.close(fd);
  }
}

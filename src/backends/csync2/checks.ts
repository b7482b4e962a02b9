/** Which paths csync2 is told to check, so that it finds what a look has found, and little else. */
import type { DirtyPath } from '../backend.ts';
import type { Difference } from './confirm.ts';
import { directoriesAbove, isBelowOneOf } from './paths.ts';

/** Of `csync2 -cr` and of `csync2 -c`; either may be empty. */
export interface Checks {
  readonly recursive: readonly string[];
  readonly exact: readonly string[];
}

/**
 * Short lists: of a directory that came or went (or took the place of something else) the top alone, with all that is
 * in it. A directory that only changed itself is checked without its content. One run suffices wherever it can.
 *
 * @param waiting what csync2 must not come across yet
 */
export function coveringChecks(
  differences: readonly Difference[],
  waiting: readonly DirtyPath[] = [],
): Checks {
  const tops = new Set(differences.filter(isSubtree).map(({ path }) => path));
  for (const { path } of waiting) for (const above of directoriesAbove(path)) tops.delete(above);
  const recursive: string[] = [];
  const exact: string[] = [];
  const either: string[] = [];
  for (const difference of differences) {
    const { path, is } = difference;
    if (isBelowOneOf(path, tops)) continue;
    if (tops.has(path)) recursive.push(path);
    else (is === 'dir' || isSubtree(difference) ? exact : either).push(path);
  }
  if (recursive.length > 0) recursive.push(...either);
  else exact.push(...either);
  return { recursive, exact };
}

/** For when some deletions must not be found: exactly these paths. */
export function exactChecks(differences: readonly Difference[]): Checks {
  return { recursive: [], exact: differences.map(({ path }) => path) };
}

function isSubtree({ was, is }: Difference): boolean {
  return was !== is && (was === 'dir' || is === 'dir');
}

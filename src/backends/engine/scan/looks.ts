import type { RelPath } from '../core/types.ts';
import type { Look } from './observation.ts';
import { comparePaths, isBelow, parentOf, ROOT } from './paths.ts';

const REACH = { entry: 0, children: 1, subtree: 2 } as const;

/** In path order, each path once with its widest scope, without what lies below a subtree that is looked at anyway. */
export function orderLooks(looks: readonly Look[]): Look[] {
  const ordered: Look[] = [];
  let subtree: RelPath | null = null;
  for (const look of looks.toSorted(
    (a, b) => comparePaths(a.path, b.path) || REACH[b.scope] - REACH[a.scope],
  )) {
    if (ordered.at(-1)?.path === look.path) continue;
    if (subtree !== null && isBelow(look.path, subtree)) continue;
    if (look.scope === 'subtree') subtree = look.path;
    ordered.push(look);
  }
  return ordered;
}

const MOST_TOGETHER = 500;

/** Runs of looks at names of one directory. */
export function* besideEachOther(looks: readonly Look[]): Generator<Look[]> {
  let run: Look[] = [];
  for (const look of looks) {
    const [first] = run;
    if (
      first !== undefined &&
      (run.length >= MOST_TOGETHER || first.path === ROOT || parentOf(first.path) !== parentOf(look.path))
    ) {
      yield run;
      run = [];
    }
    run.push(look);
  }
  if (run.length > 0) yield run;
}

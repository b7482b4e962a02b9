import type { RelPath } from '../core/types.ts';
import type { Look } from './observation.ts';
import { comparePaths, isBelow } from './paths.ts';

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

import type { Change } from '../apply/change.ts';
import { isLive } from '../core/value.ts';

/** Parents before what is in them; removals after all else, and what is in a directory before the directory. */
export function inOrder(changes: readonly Change[]): Change[] {
  const removals = changes.filter((change) => !isLive(change.to)).sort((a, b) => compare(b.path, a.path));
  const others = changes.filter((change) => isLive(change.to)).sort((a, b) => compare(a.path, b.path));
  return [...others, ...removals];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

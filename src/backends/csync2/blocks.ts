import type { Csync2Mapping } from './mapping.ts';

/**
 * csync2's groups of some of the mappings; null: no need to name any. A config that is managed elsewhere has its own groups,
 * which csync2 sends as a whole: there it is all or nothing, as csync2 would send what a missing directory owes as deletions.
 */
export function blocksOf(
  some: readonly Csync2Mapping[],
  all: readonly Csync2Mapping[],
  isForeign: boolean,
): readonly string[] | null {
  if (some.length === all.length) return null;
  return isForeign ? [] : some.map(({ parts }) => parts.block);
}

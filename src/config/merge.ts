/** Fragments add to the main file: maps grow, lists of hosts and actions are joined, anything else is said once. */
import type { Fault } from './fault.ts';
import { faultAt, showPath, type Tree, type TreePath } from './tree.ts';

const JOINED_LISTS = new Set(['hosts', 'actions']);

/** Merges trees in order; what two of them say both is a fault, at the later place, that names the earlier. */
export function mergeTrees(first: Tree, more: readonly Tree[]): { tree: Tree; faults: Fault[] } {
  const faults: Fault[] = [];
  const tree = more.reduce((merged, next) => merge(merged, next, [], faults), first);
  return { tree, faults };
}

function merge(base: Tree, added: Tree, path: TreePath, faults: Fault[]): Tree {
  if (base.kind === 'map' && added.kind === 'map') {
    const entries = new Map(base.entries);
    for (const [key, entry] of added.entries) {
      const known = entries.get(key);
      const value =
        known === undefined
          ? entry.value
          : merge(atKey(known.value, known.at), atKey(entry.value, entry.at), [...path, key], faults);
      entries.set(key, known === undefined ? entry : { ...known, value });
    }
    return { ...base, entries };
  }
  if (base.kind === 'list' && added.kind === 'list' && isJoined(path)) {
    return { ...base, items: [...base.items, ...added.items] };
  }
  const { file, line } = base.at;
  const message = `${showPath(path)} is already set in ${file}, line ${line}`;
  faults.push(faultAt(added.at, message, 'set it in one of the two files only'));
  return base;
}

/** What is said twice is found by its key, not by where its value begins. */
function atKey(value: Tree, at: Tree['at']): Tree {
  return value.kind === 'scalar' || value.kind === 'list' ? { ...value, at } : value;
}

function isJoined(path: TreePath): boolean {
  return path.length === 3 && path[0] === 'groups' && JOINED_LISTS.has(String(path[2]));
}

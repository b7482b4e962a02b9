/** From rows to the tree: what a path shall hold, given what its descendants hold (replication.md 5). */
import type { Dot, Row, Value } from './types.ts';
import { shown, type PolicyContext } from './policy.ts';
import { ABSENT, isLive, sameValue } from './value.ts';

export type Wanted =
  | { readonly kind: 'value'; readonly value: Value; readonly dots: readonly Dot[] }
  /** policy `none`: leave the disk as it is */
  | { readonly kind: 'undecided' };

/** Metadata of a directory of which nothing but its children is known. */
const BARE_DIR: Value = { kind: 'dir', mode: 0o755, owner: '' };

/**
 * A live child makes its parent a directory, whatever the parent's own row says (I13): a directory deleted by one node
 * while another created a file in it is revived, and a file that took a directory's place gives way.
 */
export function wanted(row: Row, liveChildren: number, context: PolicyContext): Wanted {
  const display = shown(row, context);
  switch (display.kind) {
    case 'undecided':
      return display;
    case 'nothing':
      return { kind: 'value', value: liveChildren > 0 ? BARE_DIR : ABSENT, dots: [] };
    case 'version':
      if (liveChildren === 0 || display.value.kind === 'dir')
        return { kind: 'value', value: display.value, dots: display.dots };
      return revived(row);
  }
}

/** Whether a path counts as live for its parent. */
export function isLiveRow(row: Row, liveChildren: number): boolean {
  return liveChildren > 0 || row.siblings.some((sibling) => isLive(sibling.value));
}

/** It stands for deletions too, but for no file: one that gave way to it is a loser, retired by who had it (I8). */
function revived(row: Row): Wanted {
  const value = revivedDir(row);
  const standsFor = row.siblings.filter((one) => !isLive(one.value) || sameValue(one.value, value));
  return { kind: 'value', value, dots: standsFor.map(({ dot }) => dot) };
}

/** The metadata of the newest version of the directory that the row still knows. */
function revivedDir(row: Row): Value {
  for (const { value } of row.siblings.toReversed()) {
    if (value.kind === 'dir') return value;
    if (value.kind === 'absent' && value.dir !== undefined) return { kind: 'dir', ...value.dir };
  }
  return BARE_DIR;
}

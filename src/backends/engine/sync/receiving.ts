/** What a node that only receives has by itself: kept there, visible, and never sent. */
import type { Applied, Value } from '../core/types.ts';
import { isLive, sameContent } from '../core/value.ts';
import type { StoredRow } from '../store/store.ts';
import { pagesOf } from './every-row.ts';
import type { Shared } from './shared.ts';

/** Waits for a person: `revert`, or a node that writes. */
export const LOCAL_EDIT = 'local-edit';

/** Stays until it is reverted or overwritten (into the backup). */
export function keepLocalEdit(
  { table, effects, settings }: Shared,
  stored: StoredRow,
  applied: Applied,
): void {
  const kept = table.setApplied(stored, { ...applied, dots: [] });
  if (!kept.pending) return;
  table.setBlocked(kept, {
    code: LOCAL_EDIT,
    message: `changed on this node, which only receives; csyncd revert ${settings.mapping} puts the cluster's state back`,
    since: effects.now(),
  });
}

/**
 * Whether a receive node, at the first look at a path, holds the cluster's content with other metadata, as the tool before
 * left it: no edit, and the cluster's metadata are still to be set.
 */
export function isAsTold({ settings, table }: Shared, stored: StoredRow, found: Value): boolean {
  if (!settings.receiveOnly || stored.applied !== null) return false;
  const want = table.wanted(stored);
  return want.kind === 'value' && isLive(want.value) && sameContent(want.value, found);
}

/** The node may write from now on: what it had kept to itself is an edit beside the cluster's version. */
export function announceLocalEdits(shared: Shared): void {
  const { rows, table, rules } = shared;
  for (const page of pagesOf((after, limit) => rows.blocked(after, limit))) {
    shared.transact(() => {
      for (const stored of page) {
        if (stored.blocked?.code !== LOCAL_EDIT || stored.applied === null) continue;
        const dot = shared.nextDot();
        const applied: Applied = { ...stored.applied, dots: [dot] };
        table.setRow(stored, rules.edit(stored.row, [], dot, applied.value), { applied });
      }
    });
  }
}

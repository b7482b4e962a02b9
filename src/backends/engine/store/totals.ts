/** What one row adds to its mapping's totals. */
import { isConflict } from '../core/policy.ts';
import type { StoredRow, Totals } from './store.ts';

export const NO_TOTALS: Totals = { files: 0, bytes: 0, pending: 0, conflicts: 0, blocked: 0 };

export function totalsOf(stored: StoredRow): Totals {
  const shown = stored.applied?.value;
  return {
    files: shown?.kind === 'file' ? 1 : 0,
    bytes: shown?.kind === 'file' ? shown.size : 0,
    pending: stored.pending ? 1 : 0,
    conflicts: isConflict(stored.row) ? 1 : 0,
    blocked: stored.blocked === null ? 0 : 1,
  };
}

/** `totals` with one row's share put in place of another's. */
export function exchange(totals: Totals, before: Totals, after: Totals): Totals {
  return {
    files: totals.files - before.files + after.files,
    bytes: totals.bytes - before.bytes + after.bytes,
    pending: totals.pending - before.pending + after.pending,
    conflicts: totals.conflicts - before.conflicts + after.conflicts,
    blocked: totals.blocked - before.blocked + after.blocked,
  };
}

/** Blocked, or with more than one sibling: what an operator may have to look at. */
export function isTroubled(stored: StoredRow): boolean {
  return stored.blocked !== null || stored.row.siblings.length > 1;
}

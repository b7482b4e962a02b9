/** What it means for the row that the disk was found to hold a value (replication.md 9). Pure. */
import type { Applied, Dot, Row, Value } from './types.ts';
import { dotsOf, edit, has } from './row.ts';
import { ABSENT, sameContent, sameValue, tombstoneOf } from './value.ts';

export type Observed =
  /** what was applied is still there; only the stat identity may have changed */
  | { readonly kind: 'same' }
  /** the disk already holds a version that the row has: put there before a crash, or by hand on several nodes (I7) */
  | { readonly kind: 'adopted'; readonly value: Value; readonly dots: readonly Dot[] }
  /** somebody wrote here */
  | { readonly kind: 'edited'; readonly row: Row; readonly value: Value; readonly dots: readonly Dot[] };

/**
 * `nextDot` is called only when a dot is needed. An edit supersedes the siblings that the disk showed before; when those
 * are already superseded by a version that has not reached this disk yet, the edit is concurrent with it.
 */
export function observe(row: Row, applied: Applied | null, found: Value, nextDot: () => Dot): Observed {
  const before = applied?.value ?? ABSENT;
  if (sameValue(before, found)) return { kind: 'same' };
  const displaced = (applied?.dots ?? []).filter((dot) => has(row, dot));
  const known = dotsOf(row, found);
  if (known.length > 0 && displaced.length === 0) return { kind: 'adopted', value: found, dots: known };
  const value = found.kind === 'absent' ? tombstoneOf(before) : found;
  const dot = nextDot();
  return { kind: 'edited', row: edit(row, displaced, dot, value), value, dots: [dot] };
}

/** Whether a change of the disk from one value to another would lose bytes that somebody may want back (I8). */
export function losesBytes(from: Value, to: Value): boolean {
  return (from.kind === 'file' || from.kind === 'symlink') && !sameContent(from, to);
}

/**
 * A path's row as a dotted version vector set. Row changes are `join` with what a peer sent, a local `edit`, and the
 * `retire`ment of a loser. Source: Preguiça et al., "Dotted Version Vectors" (2012), with one difference: a local edit
 * supersedes only the siblings that the local disk showed, because a loser's bytes may exist on one other node only.
 */
import type { Dot, Row, Sibling, Value } from './types.ts';
import { compareDots, covers, includes, merge, NOTHING, sameDot, seen } from './vector.ts';
import { sameValue } from './value.ts';

export const EMPTY_ROW: Row = { siblings: [], context: NOTHING };

/**
 * Commutative, associative, idempotent (I5): a sibling stays when both sides have it, or when the other side never saw
 * it. Returns `a` itself when `b` adds nothing.
 */
export function join(a: Row, b: Row): Row {
  if (a === b) return a;
  const kept = a.siblings.filter((sibling) => has(b, sibling.dot) || !covers(b.context, sibling.dot));
  const added = b.siblings.filter((sibling) => !has(a, sibling.dot) && !covers(a.context, sibling.dot));
  if (added.length === 0 && kept.length === a.siblings.length && includes(a.context, b.context)) return a;
  return { siblings: inOrder([...kept, ...added]), context: merge(a.context, b.context) };
}

/** A local edit with a new dot, in the place of the siblings that the disk showed. Concurrent ones stay (I3). */
export function edit(row: Row, shown: readonly Dot[], dot: Dot, value: Value): Row {
  const kept = row.siblings.filter((sibling) => !shown.some((other) => sameDot(other, sibling.dot)));
  return { siblings: inOrder([...kept, { dot, value }]), context: seen(row.context, dot) };
}

/**
 * Drops losers that this node had on its disk and has preserved. The dot makes the retirement known to the knowledge
 * vectors; it carries no value.
 */
export function retire(row: Row, losers: readonly Dot[], dot: Dot): Row {
  const kept = row.siblings.filter((sibling) => !losers.some((other) => sameDot(other, sibling.dot)));
  return { siblings: kept, context: seen(row.context, dot) };
}

/** A person's decision: covers every sibling that there is. */
export function resolve(row: Row, dot: Dot, value: Value): Row {
  return { siblings: [{ dot, value }], context: seen(row.context, dot) };
}

/** The dots of all siblings with this value. */
export function dotsOf(row: Row, value: Value): readonly Dot[] {
  return row.siblings.filter((sibling) => sameValue(sibling.value, value)).map((sibling) => sibling.dot);
}

export function has(row: Row, dot: Dot): boolean {
  return row.siblings.some((sibling) => sameDot(sibling.dot, dot));
}

export function sameRow(a: Row, b: Row): boolean {
  return (
    a.siblings.length === b.siblings.length &&
    a.siblings.every((sibling) => has(b, sibling.dot)) &&
    includes(a.context, b.context) &&
    includes(b.context, a.context)
  );
}

function inOrder(siblings: Sibling[]): Sibling[] {
  return siblings.length < 2 ? siblings : siblings.sort((a, b) => compareDots(a.dot, b.dot));
}

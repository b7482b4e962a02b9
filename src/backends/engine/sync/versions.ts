/** Versions of a path as an operator sees and names them. */
import type { ConflictVersion } from '../../backend.ts';
import type { Dot, Sibling, Value } from '../core/types.ts';
import { mtimeOf, sizeOf } from '../core/value.ts';
import { nodeOf } from '../core/vector.ts';

/** The last time that a Date can hold, ms since 1970 and before. */
const LAST_MS = 8.64e15;

/** `NODE@COUNTER` in base 36: unique, and short enough to type. */
export function versionId(dot: Dot): string {
  return `${nodeOf(dot.actor)}@${dot.counter.toString(36)}`;
}

export function describeVersion({ dot, value }: Sibling): ConflictVersion {
  return {
    id: versionId(dot),
    node: nodeOf(dot.actor),
    time: timeOf(dot, value),
    size: sizeOf(value),
    mode: 'mode' in value ? value.mode.toString(8).padStart(4, '0') : '',
    sha256: value.kind === 'file' ? value.sha256 : null,
    deleted: value.kind === 'absent',
  };
}

/** The sibling that `keep` names: a node, `newest`, or a version; null when there is none. */
export function chooseVersion(siblings: readonly Sibling[], keep: string): Sibling | null {
  if (keep === 'newest') return siblings.toSorted((a, b) => compareTimes(b, a))[0] ?? null;
  return (
    siblings.find((sibling) => versionId(sibling.dot) === keep) ??
    siblings.findLast((sibling) => nodeOf(sibling.dot.actor) === keep) ??
    null
  );
}

/** When it was written: the file's mtime, or when its author saw the change. ISO 8601. */
function timeOf(dot: Dot, value: Value): string {
  const mtime = mtimeOf(value);
  return isoTime(mtime === null ? dot.counter : Number(mtime / 1_000_000n));
}

/** A file's time may be any 64-bit number; what lies beyond the calendar is shown as its end. */
export function isoTime(ms: number): string {
  return new Date(Math.min(Math.max(ms, -LAST_MS), LAST_MS)).toISOString();
}

function compareTimes(a: Sibling, b: Sibling): number {
  const left = timeOf(a.dot, a.value);
  const right = timeOf(b.dot, b.value);
  return left < right ? -1 : left > right ? 1 : a.dot.counter - b.dot.counter;
}

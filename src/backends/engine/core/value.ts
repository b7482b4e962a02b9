import { assertNever } from './never.ts';
import type { Absent, Value } from './types.ts';

export const ABSENT: Absent = { kind: 'absent' };

export function isLive(value: Value): boolean {
  return value.kind !== 'absent';
}

/** Equal in everything that csyncd carries: never a conflict, whatever the dots (I7). */
export function sameValue(a: Value, b: Value): boolean {
  if (a.kind === 'absent' || b.kind === 'absent') return a.kind === b.kind;
  return sameContent(a, b) && a.owner === b.owner && modeOf(a) === modeOf(b) && mtimeOf(a) === mtimeOf(b);
}

/** Equal but for owner, mode and time: replacing one by the other loses nobody's bytes. */
export function sameContent(a: Value, b: Value): boolean {
  switch (a.kind) {
    case 'file':
      return b.kind === 'file' && a.sha256 === b.sha256 && a.size === b.size;
    case 'symlink':
      return b.kind === 'symlink' && a.target === b.target;
    case 'dir':
    case 'fifo':
    case 'absent':
      return a.kind === b.kind;
    default:
      return assertNever(a);
  }
}

export function sizeOf(value: Value): number {
  switch (value.kind) {
    case 'file':
      return value.size;
    case 'symlink':
      return value.target.length;
    case 'dir':
    case 'fifo':
    case 'absent':
      return 0;
    default:
      return assertNever(value);
  }
}

/** ns since 1970; null for what carries no time */
export function mtimeOf(value: Value): bigint | null {
  return 'mtimeNs' in value ? value.mtimeNs : null;
}

function modeOf(value: Value): number | null {
  return 'mode' in value ? value.mode : null;
}

/** The tombstone that takes a value's place. */
export function tombstoneOf(value: Value): Absent {
  if (value.kind === 'absent') return value;
  return value.kind === 'dir' ? { kind: 'absent', dir: { mode: value.mode, owner: value.owner } } : ABSENT;
}

/**
 * Paths as the store orders them: NUL, which no name contains and no byte is below, in place of `/`. Comparing keys then
 * compares paths name by name, and what is below a directory follows it at once.
 */
import type { RelPath } from '../core/types.ts';

/** Above every byte string. */
const ABOVE_ALL = '\u0100';

export function toKey(path: RelPath): string {
  return path.replaceAll('/', '\0');
}

export function fromKey(key: string): RelPath {
  return key.replaceAll('\0', '/') as RelPath;
}

/** Keys of everything below a directory: `from` (exclusive) and `to` (exclusive). */
export function below(dir: RelPath): { readonly from: string; readonly to: string } {
  if (dir === '') return { from: '', to: ABOVE_ALL };
  const key = toKey(dir);
  return { from: `${key}\0`, to: `${key}\x01` };
}

/**
 * Where a walk over the children of a directory goes on when it met `key`, which lies below one of them: a bound just above
 * all that is below that child. Null when `key` is itself a child. `from` is the directory's lower bound.
 */
export function pastChild(from: string, key: string): string | null {
  const end = key.indexOf('\0', from.length);
  return end === -1 ? null : `${key.slice(0, end)}\x01`;
}

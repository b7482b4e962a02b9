/** Which versions a node may retire after it has put a version on its disk. */
import type { Applied, Dot, Row } from './types.ts';
import { has } from './row.ts';
import { sameDot } from './vector.ts';
import { losesBytes } from './observe.ts';
import type { Value } from './types.ts';

/**
 * The siblings that this node's disk held, that still stand in the row, and that are not what the disk holds now. Only
 * with their bytes preserved (I8): in the backup, or because there were none to lose.
 */
export function retirable(
  row: Row,
  before: Applied | null,
  now: { value: Value; dots: readonly Dot[] },
  backedUp: boolean,
): readonly Dot[] {
  if (before === null) return [];
  if (losesBytes(before.value, now.value) && !backedUp) return [];
  return before.dots.filter((dot) => has(row, dot) && !now.dots.some((other) => sameDot(other, dot)));
}

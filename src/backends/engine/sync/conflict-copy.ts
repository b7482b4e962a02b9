/** Names of the copies that `keep-both` leaves: a function of the loser, so that every node would choose the same. */
import type { NodeId, RelPath, Value } from '../core/types.ts';
import { isoTime } from './versions.ts';

const LONGEST_NAME = 255;
const CONFLICT_MARK = '.csyncd-conflict-';

/** `NAME.csyncd-conflict-NODE-TIME-HASH.EXT` beside the path; shortened where the name would be too long. */
export function conflictName(path: RelPath, node: NodeId, value: Extract<Value, { kind: 'file' }>): RelPath {
  const slash = path.lastIndexOf('/') + 1;
  const dot = path.lastIndexOf('.');
  const stem = dot > slash ? path.slice(slash, dot) : path.slice(slash);
  const extension = dot > slash ? path.slice(dot) : '';
  const time = isoTime(Number(value.mtimeNs / 1_000_000n)).replaceAll(/[-:]|\.\d+/g, '');
  const mark = `${CONFLICT_MARK}${node}-${time}-${value.sha256.slice(0, 8)}`;
  return `${path.slice(0, slash)}${stem.slice(0, LONGEST_NAME - mark.length - extension.length)}${mark}${extension}` as RelPath;
}

/** Copies of copies are not made. */
export function isConflictName(path: RelPath): boolean {
  return path.includes(CONFLICT_MARK);
}

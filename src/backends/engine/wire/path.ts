import type { RelPath } from '../core/types.ts';
import { bytesToText } from '../../../util/bytes.ts';
import { MAX_PATH, MAX_SEGMENT } from './limits.ts';
import { ProtocolError } from './protocol-error.ts';

const SLASH = 0x2f;
/** csyncd's own directory at a mapping's root: temporaries and backups. */
const PRIVATE = '.csyncd';
const SHOWN = 100;

/**
 * A path from the network, as a RelPath, or ProtocolError (I12): everything behind this call may take it as a name below
 * the mapping's root. The root itself has no row, so the empty path is refused as well.
 */
export function receivedPath(path: string): RelPath {
  const fault = pathFault(path);
  if (fault !== null) throw new ProtocolError('bad-path', `${fault}: ${shown(path)}`);
  return path as RelPath;
}

function pathFault(path: string): string | null {
  if (path.length > MAX_PATH) return `a path of ${path.length} bytes`;
  let start = 0;
  for (let at = 0; at <= path.length; at++) {
    const code = at === path.length ? SLASH : path.charCodeAt(at);
    if (code === 0) return 'a path with NUL';
    if (code > 0xff) return 'a path that is no byte string';
    if (code !== SLASH) continue;
    const fault = segmentFault(path, start, at);
    if (fault !== null) return fault;
    start = at + 1;
  }
  return null;
}

function segmentFault(path: string, start: number, end: number): string | null {
  const length = end - start;
  if (length === 0) return 'a path with an empty name';
  if (length > MAX_SEGMENT) return `a name of ${length} bytes`;
  if (length > PRIVATE.length || path.charCodeAt(start) !== 0x2e) return null;
  const name = path.slice(start, end);
  if (name === '.' || name === '..') return `a path with ${name}`;
  return start === 0 && name === PRIVATE ? `a path in ${PRIVATE}` : null;
}

function shown(path: string): string {
  const head = bytesToText(path.slice(0, SHOWN));
  return path.length > SHOWN ? `${head}…` : head;
}

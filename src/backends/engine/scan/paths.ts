/** Relative paths as byte strings. */
import type { RelPath } from '../core/types.ts';

export const ROOT = '' as RelPath;

export function parentOf(path: RelPath): RelPath {
  return path.slice(0, Math.max(0, path.lastIndexOf('/'))) as RelPath;
}

export function nameOf(path: RelPath): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function join(dir: RelPath, name: string): RelPath {
  return (dir === '' ? name : `${dir}/${name}`) as RelPath;
}

export function isBelow(path: RelPath, dir: RelPath): boolean {
  return dir === ''
    ? path !== ''
    : path.length > dir.length && path[dir.length] === '/' && path.startsWith(dir);
}

/** Order in which a directory's content follows it at once: byte order of the names, level by level. */
export function comparePaths(a: RelPath, b: RelPath): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (x !== y) return (x === SLASH ? -1 : x) - (y === SLASH ? -1 : y);
  }
  return a.length - b.length;
}

const SLASH = 0x2f;

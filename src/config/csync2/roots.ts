/** The directories that a group's includes begin in: one mapping for each that does not lie below another. */
import { matchGlob, type Glob } from './fnmatch.ts';
import { isPathPattern, pathGlob } from './match.ts';
import type { Csync2Pattern } from './model.ts';

/** What a path is on this machine. An include of a file is one of the directory that it lies in. */
export type KindOf = (name: string) => 'directory' | 'file' | 'absent';

export interface Roots {
  /** as csync2 names them, without a slash at the end */
  readonly names: readonly string[];
  /** includes without wildcards that are not on this machine, and so were taken for directories */
  readonly guessed: readonly Csync2Pattern[];
  /** includes that begin at `/` itself, which is no directory for a mapping */
  readonly tooWide: readonly Csync2Pattern[];
}

/** @param patterns of the group, in its order, without those for compare */
export function findRoots(patterns: readonly Csync2Pattern[], kindOf: KindOf): Roots {
  const paths = patterns.filter(isPathPattern);
  const found = new Set<string>();
  const guessed: Csync2Pattern[] = [];
  const tooWide: Csync2Pattern[] = [];
  for (const [at, pattern] of paths.entries()) {
    const glob = pathGlob(pattern.pattern);
    if (pattern.kind === 'exclude' || glob === null) continue;
    const fixed = fixedPart(glob);
    const later = paths.slice(at + 1).map((next) => pathGlob(next.pattern));
    if (later.some((next) => next !== null && matchGlob(next, fixed.path, true))) continue;
    const kind = fixed.whole ? kindOf(fixed.path) : 'directory';
    if (kind === 'absent') guessed.push(pattern);
    const root = kind === 'file' ? fixed.path.slice(0, fixed.path.lastIndexOf('/')) : fixed.path;
    if (root === '') tooWide.push(pattern);
    else found.add(root);
  }
  const all = [...found];
  const names = all.filter((name) => !all.some((other) => other !== name && name.startsWith(`${other}/`)));
  return { names, guessed, tooWide };
}

/** The directories in front of the first wildcard, or all of a pattern without any. */
function fixedPart({ tokens }: Glob): { path: string; whole: boolean } {
  const variable = tokens.findIndex((token) => typeof token !== 'number');
  const bytes = tokens.slice(0, variable === -1 ? tokens.length : variable);
  const path = bytes.map((byte) => (typeof byte === 'number' ? String.fromCharCode(byte) : '')).join('');
  return variable === -1
    ? { path, whole: true }
    : { path: path.slice(0, Math.max(0, path.lastIndexOf('/'))), whole: false };
}

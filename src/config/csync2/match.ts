/**
 * Which files csync2 itself synchronizes under a config: its own rules, as measured with csync2 2.0. A name is a path, or
 * `%PREFIX%/…` below a prefix, as a byte string.
 *
 * - Path patterns (`/…`, `%…`): the last that matches the name or a directory above it decides; without one: not selected.
 *   Basename patterns (all others): the last that matches the last component decides; without one: selected. Both must say yes.
 * - A scan goes into a selected directory, and into one that a path include of the group leads through.
 */
import { compileGlob, matchGlob, type Glob } from './fnmatch.ts';
import type { Csync2Config, Csync2Group, Csync2Pattern } from './model.ts';

export interface Csync2Selection {
  selects(name: string): boolean;
  /** Whether a scan looks inside this directory. */
  enters(dir: string): boolean;
  /** what a scan begins with: `/` and the prefixes that have a path on the host */
  readonly roots: readonly { readonly name: string; readonly path: string }[];
}

/**
 * @param host the lower-case name of the machine
 * @param comparing as for `csync2 -o` and `-T`, where `compare` patterns select
 */
export function csync2Selection(config: Csync2Config, host: string, comparing = false): Csync2Selection {
  const groups = config.groups.filter((group) => group.hosts.some(({ name }) => name === host));
  const compiled = groups.map((group) => compileGroup(group, comparing));
  const places = new Map(config.prefixes.map(({ name }) => [name, prefixPath(config, name, host)]));
  const roots = [{ name: '', path: '' }];
  for (const [name, path] of places) if (path !== null) roots.push({ name: `%${name}%`, path });
  const selects = (name: string): boolean => compiled.some((group) => group.selects(name));
  return {
    selects,
    enters: (dir) => dir === '' || selects(dir) || compiled.some((group) => group.leadsThrough(dir)),
    roots,
  };
}

/** Where a prefix is on a host: the first `on` that fits in the last block that has one; null when there is none. */
export function prefixPath(config: Csync2Config, prefix: string, host: string): string | null {
  for (const { name, places } of config.prefixes.toReversed()) {
    if (name !== prefix) continue;
    const place = places.find(({ host: pattern }) => matchesHost(pattern, host));
    if (place !== undefined) return place.path;
  }
  return null;
}

export function isPathPattern({ pattern }: Csync2Pattern): boolean {
  return pattern === '' || pattern.startsWith('/') || pattern.startsWith('%');
}

/** A pattern with `**` somewhere lets all its stars cross slashes. */
export function pathGlob(pattern: string): Glob | null {
  return compileGlob(pattern, pattern.includes('**'));
}

interface Rule {
  readonly selects: boolean;
  readonly glob: Glob;
}

function compileGroup(group: Csync2Group, comparing: boolean) {
  const patterns = group.patterns.filter(({ kind }) => kind !== 'compare' || comparing);
  const rules = (wanted: readonly Csync2Pattern[], compile: (pattern: string) => Glob | null): Rule[] =>
    wanted
      .flatMap(({ kind, pattern }) => {
        const glob = compile(pattern);
        return glob === null ? [] : [{ selects: kind !== 'exclude', glob }];
      })
      .toReversed();
  const paths = rules(patterns.filter(isPathPattern), pathGlob);
  const names = rules(
    patterns.filter((pattern) => !isPathPattern(pattern)),
    (pattern) => compileGlob(pattern, true),
  );
  const through = patterns
    .filter((pattern) => pattern.kind !== 'exclude' && isPathPattern(pattern))
    .flatMap(({ pattern }) => directoriesAbove(pattern));
  return {
    selects(name: string): boolean {
      const byPath = paths.find(({ glob }) => matchGlob(glob, name, true));
      if (byPath?.selects !== true) return false;
      const base = name.slice(name.lastIndexOf('/') + 1);
      return names.find(({ glob }) => matchGlob(glob, base, false))?.selects ?? true;
    },
    leadsThrough: (dir: string): boolean => through.some((glob) => matchGlob(glob, dir, false)),
  };
}

/** Cut where the pattern has a slash, whatever that slash is; its stars cross slashes when they do in the whole pattern. */
function directoriesAbove(pattern: string): Glob[] {
  const globs: Glob[] = [];
  for (let end = pattern.lastIndexOf('/'); end > 0; end = pattern.lastIndexOf('/', end - 1)) {
    const glob = compileGlob(pattern.slice(0, end), pattern.includes('**'));
    if (glob !== null) globs.push(glob);
  }
  return globs;
}

function matchesHost(pattern: string, host: string): boolean {
  const glob = compileGlob(pattern, true);
  return glob !== null && matchGlob(glob, host, false);
}

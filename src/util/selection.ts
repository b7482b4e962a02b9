/**
 * Which paths of a mapping are synchronized: `exclude` and `include` of the contract, section 4. A pure function of the
 * path and of its being a directory, so that every node with the same rules selects the same paths.
 *
 * - exclude: the last pattern that matches decides, `!` selects again; below an excluded directory nothing is selected.
 * - include, when not empty: only what matches one of its patterns or lies below a directory that does, and the
 *   directories that could lead to such a path.
 * - `.csyncd` directly below the root (temporaries and backups) is never selected.
 *
 * Paths are byte strings relative to the root (latin1), `''` is the root itself.
 */
import { parsePatterns, pathParts, type Pattern, type PathParts } from './patterns.ts';

export interface Selection {
  selects(path: string, isDir: boolean): boolean;
  /** Whether to look inside a directory. */
  enters(dir: string): boolean;
  /** `rule` is the pattern that decided, as written; null when none did. */
  explain(path: string, isDir: boolean): { readonly selected: boolean; readonly rule: string | null };
}

export interface SelectionRules {
  readonly exclude: readonly string[];
  readonly include: readonly string[];
}

interface Verdict {
  readonly selected: boolean;
  readonly rule: string | null;
  /** not null when all that lies below is included, by this include pattern or, without any, by default */
  readonly includes: { readonly rule: string | null } | null;
}

/** Verdicts of directories that are kept: enough for any walk in order, and bounded in memory. */
const REMEMBERED = 4096;
const HIDDEN = '.csyncd';

/** Compiles a mapping's rules; throws a CsyncdError for a pattern that the config's check would have refused. */
export function compileSelection(rules: SelectionRules): Selection {
  const exclude = parsePatterns(rules.exclude).reverse();
  const include = parsePatterns(rules.include);
  const directories = new Map<string, Verdict>();
  const everything = include.length === 0 ? { rule: null } : null;
  const root: Verdict = { selected: true, rule: null, includes: everything };

  function ofDirectory(dir: string): Verdict {
    if (dir === '') return root;
    let verdict = directories.get(dir);
    if (verdict === undefined) {
      verdict = judge(dir, true);
      if (directories.size >= REMEMBERED) directories.clear();
      directories.set(dir, verdict);
    }
    return verdict;
  }

  function judge(path: string, isDir: boolean): Verdict {
    const slash = path.lastIndexOf('/');
    const parent = ofDirectory(slash === -1 ? '' : path.slice(0, slash));
    if (!parent.selected) return parent;
    if (path === HIDDEN) return { selected: false, rule: `/${HIDDEN}`, includes: null };
    const parts = pathParts(path);
    const excluded = exclude.find((pattern) => pattern.matches(parts, isDir));
    if (excluded !== undefined && !excluded.negated)
      return { selected: false, rule: excluded.text, includes: null };
    return included(parts, isDir, parent, excluded?.text ?? null);
  }

  function included(parts: PathParts, isDir: boolean, parent: Verdict, reselectedBy: string | null): Verdict {
    if (parent.includes !== null)
      return { selected: true, rule: parent.includes.rule ?? reselectedBy, includes: parent.includes };
    const by = include.find((pattern) => pattern.matches(parts, isDir));
    if (by !== undefined) return { selected: true, rule: by.text, includes: { rule: by.text } };
    const towards = isDir ? include.find((pattern) => pattern.mayMatchBelow(parts)) : undefined;
    return { selected: towards !== undefined, rule: null, includes: null };
  }

  const of = (path: string, isDir: boolean): Verdict =>
    isDir || path === '' ? ofDirectory(path) : judge(path, false);
  return {
    selects: (path, isDir) => of(path, isDir).selected,
    enters: (dir) => ofDirectory(dir).selected,
    explain(path, isDir) {
      const { selected, rule } = of(path, isDir);
      return { selected, rule };
    },
  };
}

/** For an action's patterns: whether a path, or a directory that it lies in, matches one of them. */
export function compileTrigger(patterns: readonly string[]): (path: string) => boolean {
  const compiled: readonly Pattern[] = parsePatterns(patterns);
  return (path) => {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const parts = pathParts(path.slice(0, end));
      if (compiled.some((pattern) => pattern.matches(parts, end < path.length))) return true;
    }
    return false;
  };
}

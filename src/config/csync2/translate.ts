/**
 * csync2's patterns as the exclude and include of a mapping, so that the same paths are selected (contract, 4).
 *
 * csync2 has two lists, each with a last match of its own; a match of a directory holds for all below it. A mapping has one
 * exclude list with a last match, in which nothing below an excluded directory is selected. So:
 *
 * - an exclude that is partly taken back is written `/x` and `/x/**`, and the include that takes back as `!/x/y` and `!/x/y/**`,
 *   with the directories that lead there: `!/x/`. These are then synchronized too, without what else is in them. csync2 leaves
 *   them out; this is the one difference that is accepted, and noted;
 * - names are excluded at any depth; the scan goes through an excluded directory all the same where a path include leads there.
 */
import type { SelectionRules } from '../../util/selection.ts';
import { compileGlob } from './fnmatch.ts';
import { isPathPattern, pathGlob } from './match.ts';
import type { At, Csync2Pattern } from './model.ts';
import { leadingTo, overlapsExclude, withoutShadowed, type PathRule } from './path-rules.ts';
import {
  mayMatchAtOrAbove,
  mayOverlap,
  mayShareName,
  nameGlob,
  patternText,
  relativeTo,
  type NameGlob,
  type RelativePattern,
} from './relative.ts';

export interface Translation {
  /** byte strings; null when nothing below the directory is selected */
  readonly rules: SelectionRules | null;
  readonly notes: readonly Note[];
}

export interface Note {
  /**
   * `directories`: directories are selected that csync2 leaves out; `wider`: files that csync2 takes when they are named to it, but
   * that its own scan does not find; `unsayable`: a pattern was left out, the selection differs; `idle`: a pattern that has no
   * effect in csync2 either.
   */
  readonly kind: 'directories' | 'wider' | 'unsayable' | 'idle';
  readonly message: string;
  readonly at: At;
}

interface NameRule {
  readonly includes: boolean;
  readonly glob: NameGlob;
}

/**
 * @param patterns of the group, in its order, without those for compare
 * @param root the directory as csync2 names it, without a slash at its end
 */
export function translatePatterns(patterns: readonly Csync2Pattern[], root: string): Translation {
  return new Translator(root).translate(patterns);
}

class Translator {
  readonly #root: string;
  readonly #notes: Note[] = [];
  /** what is selected below the root without any further rule */
  #everything = false;
  #names: NameRule[] = [];

  constructor(root: string) {
    this.#root = root;
  }

  translate(patterns: readonly Csync2Pattern[]): Translation {
    this.#names = this.#nameRules(patterns.filter((pattern) => !isPathPattern(pattern)));
    const all = this.#pathRules(patterns.filter(isPathPattern));
    const rules = withoutShadowed(all.inForce);
    const includes = rules.filter((rule) => rule.includes).flatMap((rule) => rule.patterns);
    const through = all.includes.flatMap(({ patterns }) => patterns.flatMap(leadingTo));
    const rootName = this.#root.slice(this.#root.lastIndexOf('/') + 1);
    const entered = this.#everything
      ? this.#selectsName(rootName) || all.includes.length > 0
      : includes.length > 0;
    if (!entered) return { rules: null, notes: this.#notes };

    const exclude = this.#exclude(rules, through);
    return {
      rules: { exclude, include: this.#everything ? [] : this.#include(rules) },
      notes: this.#notes,
    };
  }

  #nameRules(patterns: readonly Csync2Pattern[]): NameRule[] {
    const rules: NameRule[] = [];
    for (const pattern of patterns) {
      const glob = compileGlob(pattern.pattern, true);
      const name = glob === null ? 'never' : nameGlob(glob.tokens);
      if (name === null) this.#unsayable(pattern, 'has bytes or a set that csyncd cannot write');
      else if (name === 'never' || pattern.pattern.includes('/')) {
        const why = 'is compared with single names, and never matches: it needs a "/" in front to be a path';
        this.#note('idle', pattern, pattern.pattern.includes('/') ? why : 'never matches');
      } else rules.push({ includes: pattern.kind !== 'exclude', glob: name });
    }
    // What is included before anything is excluded changes nothing.
    const first = rules.findIndex((rule) => !rule.includes);
    return first === -1 ? [] : rules.slice(first);
  }

  /** Those that count below the root, and all includes: csync2 scans towards these even where they have no effect. */
  #pathRules(patterns: readonly Csync2Pattern[]): { inForce: PathRule[]; includes: PathRule[] } {
    let inForce: PathRule[] = [];
    const includes: PathRule[] = [];
    for (const source of patterns) {
      const glob = pathGlob(source.pattern);
      const relative = glob === null ? null : relativeTo(glob, this.#root);
      if (relative === null) this.#note('idle', source, 'never matches');
      else if (relative.kind === 'unsayable') this.#unsayable(source, relative.problem);
      else if (relative.kind === 'covers') {
        this.#everything = source.kind !== 'exclude';
        inForce = [];
      } else if (relative.patterns.length > 0) {
        const rule = { includes: source.kind !== 'exclude', patterns: relative.patterns, source };
        inForce.push(rule);
        if (!rule.includes) continue;
        includes.push(rule);
        if (relative.missed) {
          const message =
            'what its stars cross a slash for is synchronized too, which the scan of csync2 does not find';
          this.#note('wider', source, message);
        }
      }
    }
    return { inForce, includes };
  }

  #exclude(rules: readonly PathRule[], through: readonly RelativePattern[]): string[] {
    const takenBack = rules.filter((rule, at) => rule.includes && overlapsExclude(rules.slice(0, at), rule));
    const scoped = takenBack.length > 0 && this.#names.some((rule) => rule.includes);
    const names = this.#names.map(({ includes, glob }) => signed(includes, atAnyDepth(glob)));
    const lines = scoped || takenBack.length === 0 ? [...names] : [];
    const enteredAnyway = through.filter((dir) => this.#mayBeExcludedByName(dir));
    for (const [at, rule] of rules.entries()) {
      if (!rule.includes) {
        const later = [
          ...rules
            .slice(at + 1)
            .filter((next) => next.includes)
            .flatMap((next) => next.patterns),
          ...enteredAnyway,
        ];
        for (const pattern of rule.patterns) {
          lines.push(patternText(pattern));
          if (later.some((next) => mayOverlap(pattern, next))) lines.push(`${anchored(pattern)}/**`);
        }
      } else if (takenBack.includes(rule)) {
        const before = rules.slice(0, at).filter((earlier) => !earlier.includes);
        for (const pattern of rule.patterns)
          lines.push(...this.#takeBack(rule.source, pattern, before, scoped));
      }
    }
    if (!scoped && takenBack.length > 0) lines.push(...names);
    for (const dir of enteredAnyway) lines.push(`!${anchored(dir)}/`);
    if (enteredAnyway.length > 0) this.#noteEntered(enteredAnyway, rules);
    return withoutRepeats(lines);
  }

  /** The lines that select again what was excluded by earlier rules. */
  #takeBack(
    source: Csync2Pattern,
    pattern: RelativePattern,
    before: readonly PathRule[],
    scoped: boolean,
  ): string[] {
    const lines: string[] = [];
    const excludes = before.flatMap((rule) => rule.patterns);
    for (const dir of leadingTo(pattern)) {
      if (!excludes.some((exclude) => mayMatchAtOrAbove(exclude, dir))) continue;
      lines.push(`!${anchored(dir)}/`);
      this.#note('directories', source, `${anchored(dir)}/ itself is synchronized too, since it leads there`);
    }
    const text = anchored(pattern);
    const last = pattern.at(-1);
    const hidden =
      last !== undefined && last !== '**' && last.literal !== null && !this.#selectsName(last.literal);
    // Its own name hides it: then it is not entered either, unless something else leads through it.
    if (!hidden) lines.push(`!${text}`);
    lines.push(`!${text}/**`);
    if (scoped) lines.push(...this.#scopedNames(source, pattern));
    return lines;
  }

  /** The names' own list once more, where a path include has selected what they had excluded. */
  #scopedNames(source: Csync2Pattern, pattern: RelativePattern): string[] {
    const last = pattern.at(-1);
    const above = pattern.length === 1 ? '' : anchored(pattern.slice(0, -1));
    const lines: string[] = [];
    for (const { includes, glob } of this.#names) {
      if (last === undefined || last === '**' || last.literal !== null) continue;
      if (!mayShareName(glob, last)) continue;
      const same = !includes || last.text === '*' || glob.literal !== null;
      if (same) lines.push(signed(includes, `${above}/${glob.text}`));
      else this.#unsayable(source, `meets the name pattern ${glob.text}, and csyncd has no "both"`);
    }
    const below = this.#names.map(({ includes, glob }) =>
      signed(includes, `${anchored(pattern)}/**/${glob.text}`),
    );
    return [...lines, ...below];
  }

  #include(rules: readonly PathRule[]): string[] {
    const lines: string[] = [];
    for (const { includes, patterns, source } of rules) {
      if (!includes) continue;
      for (const pattern of patterns) {
        lines.push(patternText(pattern));
        if (pattern.length > 1) {
          this.#note(
            'directories',
            source,
            `directories below ${shownRoot(this.#root)} that may lead there are synchronized too`,
          );
        }
      }
    }
    return lines.includes('/*') || lines.includes('*') ? [] : withoutRepeats(lines);
  }

  #noteEntered(dirs: readonly RelativePattern[], rules: readonly PathRule[]): void {
    const source = rules.find((rule) => rule.includes)?.source;
    const at = source?.at ?? { file: '', line: 0 };
    for (const dir of dirs) {
      const message = `${anchored(dir)}/ is synchronized although its name is excluded: csync2 goes through it to an include`;
      this.#notes.push({ kind: 'directories', message, at });
    }
  }

  #selectsName(name: string): boolean {
    return this.#names.findLast(({ glob }) => glob.matches(name))?.includes ?? true;
  }

  #mayBeExcludedByName(dir: RelativePattern): boolean {
    const last = dir.at(-1);
    if (last === undefined) return false;
    if (last === '**') return this.#names.length > 0;
    if (last.literal !== null) return !this.#selectsName(last.literal);
    return this.#names.some(({ includes, glob }) => !includes && mayShareName(glob, last));
  }

  #unsayable(source: Csync2Pattern, problem: string): void {
    this.#note('unsayable', source, `${problem}; the line is left out`);
  }

  #note(kind: Note['kind'], { kind: word, pattern, at }: Csync2Pattern, message: string): void {
    this.#notes.push({ kind, message: `${word} ${pattern}: ${message}`, at });
  }
}

/** The pattern with its slash in front, so that more may follow. */
function anchored(pattern: RelativePattern): string {
  return `/${pattern.map((segment) => (segment === '**' ? segment : segment.text)).join('/')}`;
}

function atAnyDepth(glob: NameGlob): string {
  return patternText(['**', glob]);
}

function signed(includes: boolean, text: string): string {
  return includes ? `!${text}` : text;
}

function shownRoot(root: string): string {
  return root === '' ? '/' : root;
}

/** Each line at its last place only, which is where it decides. */
function withoutRepeats(lines: readonly string[]): string[] {
  return lines.filter((line, at) => !lines.includes(line, at + 1));
}

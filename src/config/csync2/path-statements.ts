/**
 * Rules as path statements of csync2.cfg, each in turn: after every one the statements so far select what the rules so
 * far select. An exclude does because it takes away what matches and lies below it, in csync2 and here. A `!` selects
 * only what matches it, here, and all that lies below too in csync2: whatever the rules before it exclude there is said
 * again behind it.
 */
import { CROSSES, literalPattern, pathPatterns } from './path-pattern.ts';
import {
  isAnyName,
  literalName,
  literalSegment,
  mayMatchInside,
  mayMatchSame,
  residuals,
  type Rule,
  type Segment,
} from './segments.ts';

export interface Statement {
  readonly kind: 'include' | 'exclude';
  /** a byte string, not yet quoted */
  readonly pattern: string;
}

export interface Refusal {
  /** the pattern, by its list and place there */
  readonly list: 'include' | 'exclude';
  readonly at: number;
  /** reads on after the pattern's text: `"cache/" is for directories only` */
  readonly problem: string;
  readonly hint: string;
}

/** Ends a translation; caught where it began. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.problem);
    this.refusal = refusal;
  }
}

interface Rules {
  readonly exclude: readonly Rule[];
  readonly include: readonly Rule[];
}

export class PathStatements {
  readonly statements: Statement[] = [];
  /** the names of directories that csync2 enters, selected or not, because an include leads through them */
  readonly entered: Segment[] = [];
  readonly #root: string;

  /** @param root a pattern */
  constructor(root: string) {
    this.#root = root;
  }

  /** Selects the directory `base` and what the rules, which begin there, select in it. */
  add(rules: Rules, base: readonly string[]): void {
    this.#includes(rules.include, base);
    for (const [at, rule] of rules.exclude.entries()) {
      if (rule.negated) this.#reselect(rule, { ...rules, exclude: rules.exclude.slice(0, at) }, base);
      else this.#say('exclude', rule, base);
    }
  }

  /** The directories that lead to what is included are selected, and nothing else in them. */
  #includes(rules: readonly Rule[], base: readonly string[]): void {
    this.#includeDir(base);
    if (rules.length === 0) return;
    const leads = rules.map((rule) => leadTo(rule));
    const deepest = Math.max(...leads.map((lead) => lead.length));
    for (let depth = 0; depth <= deepest; depth++) {
      const level = leads.filter((lead) => lead.length >= depth).map((lead) => lead.slice(0, depth));
      for (const lead of unique(level)) {
        const dir = [...base, ...lead];
        if (depth > 0) this.#includeDir(dir);
        this.statements.push({ kind: 'exclude', pattern: `${this.#below(dir)}/*` });
      }
    }
    for (const rule of rules) this.#say('include', rule, base);
  }

  #reselect(rule: Rule, before: Rules, base: readonly string[]): void {
    const variable = rule.segments.findIndex((segment) => literalName(segment) === null);
    const fixed = variable === -1 ? rule.segments.length : variable;
    const names = rule.segments.slice(0, fixed).map((segment) => literalName(segment) ?? '');
    const rest = rule.segments.slice(fixed);
    const around = rest.length === 0 ? names.slice(0, -1) : names;
    if (isExcludedUpTo(before.exclude, around)) return;
    if (rest.length === 0 && decides(before.exclude, names)?.negated !== false) return;
    const include = includedIn(before.include, names);
    if (include === null) return;
    const exclude = before.exclude.flatMap((other) => inside(other, names));
    const dir = [...base, ...names];
    if (rest.length === 0) this.add({ exclude, include }, dir);
    else this.#reselectMany({ ...rule, segments: rest }, { exclude, include }, dir);
  }

  #reselectMany(rule: Rule, before: Rules, base: readonly string[]): void {
    const excludes = before.exclude.filter((other) => !other.negated);
    if (!excludes.some((other) => mayMatchSame(other.segments, rule.segments))) return;
    const refuse = (problem: string): never => {
      const hint = 'select again only paths without wildcards: "!/dir/name"';
      throw new Refused({ list: 'exclude', at: rule.at, problem, hint });
    };
    if (before.include.length > 0) refuse('would select what include leaves out, in csync2');
    if (excludes.some((other) => mayMatchInside(other.segments, rule.segments)))
      refuse('would select, in csync2, all that lies below it, whatever other patterns exclude there');
    if (excludes.some((other) => mayMatchInside(rule.segments, other.segments)))
      refuse('would select, in csync2, what lies in an excluded directory');
    this.#say('include', rule, base);
  }

  #say(kind: Statement['kind'], rule: Rule, base: readonly string[]): void {
    const patterns = pathPatterns(this.#below(base), rule.segments);
    if (patterns === null) throw new Refused({ list: kind, at: rule.at, ...CROSSES });
    for (const pattern of patterns) this.statements.push({ kind, pattern });
    if (kind === 'include') this.#enters([...base.map(literalSegment), ...rule.segments]);
  }

  #includeDir(names: readonly string[]): void {
    this.statements.push({ kind: 'include', pattern: this.#below(names) });
    this.#enters(names.map(literalSegment));
  }

  #enters(path: readonly Segment[]): void {
    this.entered.push(...path.slice(0, -1));
  }

  #below(names: readonly string[]): string {
    return [this.#root, ...names.map(literalPattern)].join('/');
  }
}

/** The directories above what an include selects; csync2 cannot select directories without what is in them. */
function leadTo(rule: Rule): readonly string[] {
  const isTail = rule.segments.at(-2) === 'any-depth' && isAnyName(rule.segments.at(-1));
  const lead = rule.segments.slice(0, isTail ? -2 : -1).map(literalName);
  const names = lead.filter((name) => name !== null);
  if (names.length === lead.length) return names;
  throw new Refused({
    list: 'include',
    at: rule.at,
    problem: rule.byName
      ? 'may stand in any directory, and csync2 cannot select directories without all that is in them'
      : 'has a wildcard in a directory that leads to it, and csync2 cannot select directories without all that is in them',
    hint: 'name the directories: "/dir/NAME"; wildcards may stand in the last name',
  });
}

function unique(paths: readonly (readonly string[])[]): (readonly string[])[] {
  return [...new Map(paths.map((path) => [path.join('/'), path])).values()];
}

/** The last rule that matches this path. */
function decides(rules: readonly Rule[], names: readonly string[]): Rule | undefined {
  return rules.findLast((rule) => matches(rule, names));
}

function isExcludedUpTo(rules: readonly Rule[], names: readonly string[]): boolean {
  return names.some((_, at) => decides(rules, names.slice(0, at + 1))?.negated === false);
}

/** What is included inside a directory: by no rules everything, null when nothing. */
function includedIn(rules: readonly Rule[], names: readonly string[]): Rule[] | null {
  const ways = names.map((_, at) => names.slice(0, at + 1));
  if (rules.length === 0 || rules.some((rule) => ways.some((way) => matches(rule, way)))) return [];
  const left = rules.flatMap((rule) => inside(rule, names));
  return left.length === 0 ? null : left;
}

function matches(rule: Rule, names: readonly string[]): boolean {
  return residuals(rule.segments, names).some((left) => left.length === 0);
}

/** The rule as it holds in a directory. */
function inside(rule: Rule, names: readonly string[]): Rule[] {
  const left = residuals(rule.segments, names).filter((segments) => segments.length > 0);
  return left.map((segments) => ({ ...rule, segments }));
}

/**
 * A mapping's include and exclude (util/selection.ts says what they mean) in the statements of csync2.cfg, so that csync2
 * selects the same paths; or which pattern cannot be said, and what to write instead.
 *
 * csync2 keeps two lists: path patterns, which take what lies in a matching directory as well, and name patterns, which
 * are held against the last name of a path. The last match in each decides, and both must select. It does not enter a
 * directory that is not selected, unless an include's path leads through it, and does not know directories from files.
 */
import { bytesToText } from '../../util/bytes.ts';
import type { Token } from '../../util/glob.ts';
import type { SelectionRules } from '../../util/selection.ts';
import { literalPattern, namePattern, pathPatterns } from './path-pattern.ts';
import { PathStatements, Refused, type Refusal, type Statement } from './path-statements.ts';
import { matchesName, mayMatchSame, parseRule, type Rule, type Segment } from './segments.ts';

export type Translation =
  | { readonly ok: true; readonly statements: readonly Statement[] }
  | ({ readonly ok: false } & Refusal);

/** @param root the mapping's root as csync2 names it (names.ts) */
export function translateSelection(rules: SelectionRules, root: string): Translation {
  try {
    return { ok: true, statements: translate(rules, root) };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, ...error.refusal };
    throw error;
  }
}

function translate(rules: SelectionRules, root: string): Statement[] {
  const include = rules.include.map((text, at) => parse(text, at, 'include'));
  const exclude = inGroups(rules.exclude.map((text, at) => parse(text, at, 'exclude')));
  // Names that can be said as paths are, because only those hold for all that lies below. Where that is not exact, all
  // names as names may be.
  const asPaths = exclude.filter((rule) => rule.byName && pathPatterns('', rule.segments) === null);
  try {
    return withNames(exclude, asPaths, include, root);
  } catch (error) {
    const asNames = exclude.filter((rule) => rule.byName);
    if (!(error instanceof Refused) || asNames.length === asPaths.length) throw error;
    try {
      return withNames(exclude, asNames, include, root);
    } catch {
      throw error;
    }
  }
}

function parse(text: string, at: number, list: 'include' | 'exclude'): Rule {
  const rule = parseRule(text, at);
  if (rule !== null) return rule;
  throw new Refused({
    list,
    at,
    problem: 'is for directories only, which csync2 cannot tell from files',
    hint: `leave out the slash at its end: "${text.slice(0, -1)}"`,
  });
}

/**
 * An equal list in which each pattern that excludes stands right before the first `!` that takes something back from it,
 * or behind them all: what it excludes may then lie below what others select again. A `!` that takes nothing back goes.
 */
function inGroups(rules: readonly Rule[]): Rule[] {
  const takenBackBy = (rule: Rule, at: number): Rule | undefined =>
    rules.slice(at + 1).find((other) => other.negated && mayMatchSame(other.segments, rule.segments));
  const groups = new Map<Rule | undefined, Rule[]>(
    rules.filter((rule) => rule.negated).map((rule) => [rule, []]),
  );
  groups.set(undefined, []);
  for (const [at, rule] of rules.entries()) if (!rule.negated) groups.get(takenBackBy(rule, at))?.push(rule);
  const effective = [...groups].filter(([again]) => again === undefined || takesBack(again, rules));
  return effective.flatMap(([again, excludes]) => (again === undefined ? excludes : [...excludes, again]));
}

function takesBack(again: Rule, rules: readonly Rule[]): boolean {
  const before = rules.slice(0, rules.indexOf(again)).filter((rule) => !rule.negated);
  return before.some((rule) => mayMatchSame(rule.segments, again.segments));
}

/** The statements with these rules as name patterns, all others as path patterns. */
function withNames(
  exclude: readonly Rule[],
  names: readonly Rule[],
  include: readonly Rule[],
  root: string,
): Statement[] {
  for (const [at, rule] of exclude.entries()) {
    if (!rule.negated) continue;
    const other = exclude.slice(0, at).find((before) => {
      const isApart = names.includes(before) !== names.includes(rule);
      return isApart && !before.negated && mayMatchSame(before.segments, rule.segments);
    });
    if (other !== undefined) {
      throw new Refused({
        list: 'exclude',
        at: rule.at,
        problem:
          'selects again what a pattern of another kind excludes (a name, or one with a "*" inside a name)',
        hint: 'give both as names, or both with the directories that they stand in',
      });
    }
  }
  checkRoot(names, root);
  const paths = new PathStatements(literalPattern(root));
  paths.add({ exclude: exclude.filter((rule) => !names.includes(rule)), include }, []);
  checkEntered(names, paths.entered);
  return [
    ...names.map(nameStatement),
    ...paths.statements,
    { kind: 'exclude', pattern: `${literalPattern(root)}/.csyncd` },
  ];
}

function nameStatement(rule: Rule): Statement {
  return { kind: rule.negated ? 'include' : 'exclude', pattern: namePattern(nameOf(rule)) };
}

/** A name pattern is held against the root's own name too. */
function checkRoot(names: readonly Rule[], root: string): void {
  const own = root.slice(root.lastIndexOf('/') + 1);
  const deciding = names.findLast((rule) => matchesName(nameOf(rule), own));
  if (deciding === undefined || deciding.negated) return;
  throw new Refused({
    list: 'exclude',
    at: deciding.at,
    problem: `matches the mapping's own directory as well, ${bytesToText(own)}`,
    hint: 'write it with the directories that it stands in: "/dir/NAME"',
  });
}

/** What is excluded by its name must not be entered on the way to what an include's path selects. */
function checkEntered(names: readonly Rule[], entered: readonly Segment[]): void {
  const excluded = names.filter((rule) => !rule.negated);
  const clash = excluded.find((rule) => entered.some((segment) => mayMatchSame([nameOf(rule)], [segment])));
  if (clash === undefined) return;
  throw new Refused({
    list: 'exclude',
    at: clash.at,
    problem: 'may match a directory that another pattern leads through',
    hint: 'write it with the directories that it stands in: "/dir/NAME"',
  });
}

function nameOf(rule: Rule): readonly Token[] {
  const name = rule.segments.at(-1);
  return name === undefined || name === 'any-depth' ? [] : name;
}

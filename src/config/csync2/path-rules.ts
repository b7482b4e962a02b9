/** csync2's path patterns below a directory, in order: how they bear on each other. */
import type { Csync2Pattern } from './model.ts';
import { covers, mayOverlap, type RelativePattern } from './relative.ts';

export interface PathRule {
  readonly includes: boolean;
  readonly patterns: readonly RelativePattern[];
  readonly source: Csync2Pattern;
}

/** Whether something that the rule matches could be excluded by an earlier one. */
export function overlapsExclude(before: readonly PathRule[], rule: PathRule): boolean {
  return before.some(
    (earlier) =>
      !earlier.includes && earlier.patterns.some((a) => rule.patterns.some((b) => mayOverlap(a, b))),
  );
}

/** Without the rules that a later one decides over wherever they match. */
export function withoutShadowed(rules: readonly PathRule[]): PathRule[] {
  return rules.filter((rule, at) => {
    const later = rules.slice(at + 1);
    return !later.some((next) =>
      rule.patterns.every((inner) => next.patterns.some((outer) => covers(outer, inner))),
    );
  });
}

/** The directories that a pattern leads through. */
export function leadingTo(pattern: RelativePattern): RelativePattern[] {
  return pattern.slice(1).map((_, at) => pattern.slice(0, at + 1));
}

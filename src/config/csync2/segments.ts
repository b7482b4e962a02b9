/**
 * Patterns as sequences of segments, and what can be said of two of them: whether both can match one path, whether one
 * can match below what the other matches, what is left of one inside a directory. Where a question has no short exact
 * answer, the answer errs to `true`, which at worst refuses a list that could have been translated.
 */
import { tokenize, type Token } from '../../util/glob.ts';
import { splitPattern } from '../../util/patterns.ts';

/** What one name must look like, or `**`: any number of names. */
export type Segment = 'any-depth' | readonly Token[];

export interface Rule {
  /** where it stands in its list */
  readonly at: number;
  /** written with a `!` in front */
  readonly negated: boolean;
  /** written without a `/`: a name, wherever it stands */
  readonly byName: boolean;
  readonly segments: readonly Segment[];
}

/** Compiles a pattern that the config's check has accepted; null for one of directories only. */
export function parseRule(text: string, at: number): Rule | null {
  const split = splitPattern(text);
  if (!split.ok) throw new Error(`unchecked pattern ${text}`);
  if (split.dirOnly) return null;
  const segments: Segment[] = split.anchored ? [] : ['any-depth'];
  for (const name of split.names) {
    if (name !== '**' || !split.anchored) segments.push(tokens(name));
    else if (segments.at(-1) !== 'any-depth') segments.push('any-depth');
  }
  // `a/**` is what lies in a, not a itself.
  if (segments.at(-1) === 'any-depth') segments.push(['star']);
  return { at, negated: split.negated, byName: !split.anchored, segments };
}

function tokens(name: string): readonly Token[] {
  const parsed = tokenize(name);
  if (!parsed.ok) throw new Error(`unchecked pattern ${name}`);
  return parsed.value;
}

export function isAnyName(segment: Segment | undefined): boolean {
  return segment !== undefined && segment !== 'any-depth' && segment.length === 1 && segment[0] === 'star';
}

/** The name that a segment stands for, when it is only one. */
export function literalName(segment: Segment | undefined): string | null {
  if (segment === undefined || segment === 'any-depth') return null;
  const bytes = segment.filter((token) => typeof token === 'number');
  return bytes.length === segment.length ? String.fromCharCode(...bytes) : null;
}

export function literalSegment(name: string): Segment {
  return [...Buffer.from(name, 'latin1')];
}

export function matchesName(segment: Segment, name: string): boolean {
  return mayMatchSame([segment], [literalSegment(name)]);
}

/**
 * What is left of a pattern for the paths inside the directory `names`, one for each way in which the directory can use
 * up its beginning; an empty one says that it matches the directory itself.
 */
export function residuals(segments: readonly Segment[], names: readonly string[]): (readonly Segment[])[] {
  let left: (readonly Segment[])[] = [segments];
  for (const name of names) {
    left = left.flatMap((one) => afterName(one, name));
    left = left.filter((one, at) => !left.slice(0, at).some((other) => other.length === one.length));
  }
  return left;
}

/** All are endings of one pattern, so that those of the same length are the same. */
function afterName([first, ...rest]: readonly Segment[], name: string): (readonly Segment[])[] {
  if (first === undefined) return [];
  if (first === 'any-depth') return [...afterName(rest, name), [first, ...rest]];
  return matchesName(first, name) ? [rest] : [];
}

/** Whether some path matches both. */
export function mayMatchSame(a: readonly Segment[], b: readonly Segment[]): boolean {
  return meet(a, b, SEGMENTS, 'same');
}

/** Whether `below` may match a path inside a directory that matches `dir`. */
export function mayMatchInside(below: readonly Segment[], dir: readonly Segment[]): boolean {
  return meet(below, dir, SEGMENTS, 'inside');
}

interface Alphabet<T> {
  /** stands for any run, an empty one too */
  readonly isRun: (item: T) => boolean;
  readonly meet: (a: T, b: T) => boolean;
}

const SEGMENTS: Alphabet<Segment> = {
  isRun: (segment) => segment === 'any-depth',
  meet: (a, b) => a === 'any-depth' || b === 'any-depth' || meetNames(a, b),
};

const BYTES: Alphabet<Token> = { isRun: (token) => token === 'star', meet: meetBytes };

/** Whether two sequences with runs in them have a member in common; `inside`: or one of `a` goes on after one of `b`. */
function meet<T>(
  a: readonly T[],
  b: readonly T[],
  { isRun, meet }: Alphabet<T>,
  as: 'same' | 'inside',
): boolean {
  // reached[j]: the beginning of `a` that was gone through and b[0..j) have a member in common.
  let reached = [true, ...b.map(() => false)];
  closeOver(reached, b, isRun);
  let isInside = false;
  for (const item of a) {
    isInside ||= reached[b.length] === true;
    const next = reached.map((is) => is && isRun(item));
    for (const [j, other] of b.entries()) {
      if (isRun(item)) next[j + 1] ||= next[j] === true;
      else if (reached[j] === true && isRun(other)) next[j] = true;
      else if (reached[j] === true && meet(item, other)) next[j + 1] = true;
    }
    reached = next;
    closeOver(reached, b, isRun);
  }
  return as === 'inside' ? isInside : reached[b.length] === true;
}

/** A run of `b` may be empty. */
function closeOver<T>(reached: boolean[], b: readonly T[], isRun: (item: T) => boolean): void {
  for (const [j, other] of b.entries()) if (reached[j] === true && isRun(other)) reached[j + 1] = true;
}

function meetNames(a: readonly Token[], b: readonly Token[]): boolean {
  return meet(a, b, BYTES, 'same');
}

function meetBytes(a: Token, b: Token): boolean {
  if (a === 'any' || b === 'any' || a === 'star' || b === 'star') return true;
  if (typeof a === 'number') return typeof b === 'number' ? a === b : b[a] === 1;
  return typeof b === 'number' ? a[b] === 1 : a.some((member, byte) => member === 1 && b[byte] === 1);
}

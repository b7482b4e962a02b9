/**
 * One include or exclude pattern in gitignore's manner (contract, section 4), compiled to a predicate over byte paths.
 *
 * A pattern with a `/` at its start or inside is anchored at the root; one without is matched against a name alone. `**`
 * as a whole segment stands for any number of segments; elsewhere it is a `*`, which never crosses a `/`.
 */
import { textToBytes } from './bytes.ts';
import { CsyncdError } from './errors.ts';
import { compileSegment, type SegmentMatcher } from './glob.ts';

type Segment = SegmentMatcher | { readonly kind: 'any-depth' };

/** A path with its parts, split once for all the patterns it is tried against. */
export interface PathParts {
  readonly path: string;
  readonly name: string;
  readonly segments: readonly string[];
}

export interface Pattern {
  /** as written */
  readonly text: string;
  /** written with a `!` in front */
  readonly negated: boolean;
  readonly matches: (parts: PathParts, isDir: boolean) => boolean;
  /** Whether something below this directory could match. Does not look at the directory itself. */
  readonly mayMatchBelow: (dir: PathParts) => boolean;
}

export type ParsedPattern =
  | { readonly ok: true; readonly pattern: Pattern }
  | { readonly ok: false; readonly problem: string };

export function pathParts(path: string): PathParts {
  return new LazyPathParts(path);
}

/** Most paths are only asked for their name. */
class LazyPathParts implements PathParts {
  readonly path: string;
  readonly name: string;
  #segments: readonly string[] | null = null;

  constructor(path: string) {
    this.path = path;
    this.name = path.slice(path.lastIndexOf('/') + 1);
  }

  get segments(): readonly string[] {
    this.#segments ??= this.path.split('/');
    return this.#segments;
  }
}

/** A pattern as it is built up, its segments not read yet. */
export interface SplitPattern {
  readonly negated: boolean;
  readonly dirOnly: boolean;
  /** false: a name, matched wherever it stands */
  readonly anchored: boolean;
  /** byte strings */
  readonly names: readonly string[];
}

/** Takes a pattern apart. `problem` reads on after the pattern's text: `"a//b" has two slashes in a row`. */
export function splitPattern(
  text: string,
): ({ readonly ok: true } & SplitPattern) | { readonly ok: false; readonly problem: string } {
  const negated = text.startsWith('!');
  const body = textToBytes(negated ? text.slice(1) : text);
  if (/[\0\n]/.test(body)) return { ok: false, problem: 'has a NUL or a line break' };
  const dirOnly = body.endsWith('/');
  const path = dirOnly ? body.slice(0, -1) : body;
  const names = path.replace(/^\//, '').split('/');
  if (names.join('') === '') return { ok: false, problem: 'names nothing' };
  if (names.includes('')) return { ok: false, problem: 'has two slashes in a row' };
  if (names.includes('.') || names.includes('..'))
    return { ok: false, problem: 'has a "." or ".." segment, which never matches' };
  return { ok: true, negated, dirOnly, anchored: path.includes('/'), names };
}

/** Compiles a pattern. `problem` as for splitPattern. */
export function parsePattern(text: string): ParsedPattern {
  const split = splitPattern(text);
  if (!split.ok) return split;
  const { negated, dirOnly, names } = split;
  const segments: Segment[] = [];
  for (const name of names) {
    const segment = name === '**' && split.anchored ? anyDepth : compileSegment(name);
    if (!segment.ok) return segment;
    if (segment.value.kind !== 'any-depth' || segments.at(-1)?.kind !== 'any-depth')
      segments.push(segment.value);
  }
  // `a/**` is what lies in a, not a itself.
  if (segments.at(-1)?.kind === 'any-depth') segments.push({ kind: 'glob', matches: () => true });
  const predicates = split.anchored ? anchored(segments) : byName(segments);
  return {
    ok: true,
    pattern: {
      text,
      negated,
      matches: dirOnly ? (parts, isDir) => isDir && predicates.matches(parts) : predicates.matches,
      mayMatchBelow: predicates.mayMatchBelow,
    },
  };
}

/** Compiles a list that the config's check has already accepted. */
export function parsePatterns(texts: readonly string[]): Pattern[] {
  return texts.map((text) => {
    const parsed = parsePattern(text);
    if (parsed.ok) return parsed.pattern;
    throw new CsyncdError('bad-pattern', `the pattern ${JSON.stringify(text)} ${parsed.problem}`);
  });
}

const anyDepth = { ok: true, value: { kind: 'any-depth' } } as const;

interface Predicates {
  readonly matches: (parts: PathParts) => boolean;
  readonly mayMatchBelow: (dir: PathParts) => boolean;
}

function byName(segments: readonly Segment[]): Predicates {
  return {
    matches: ({ name }) => matchSegment(segments[0], name),
    mayMatchBelow: () => true,
  };
}

function anchored(segments: readonly Segment[]): Predicates {
  const variable = segments.findIndex((segment) => segment.kind !== 'literal');
  const fixed = segments.slice(0, variable === -1 ? segments.length : variable);
  const head = fixed.map((segment) => (segment.kind === 'literal' ? segment.text : '')).join('/');
  const matches =
    variable === -1
      ? ({ path }: PathParts): boolean => path === head
      : (parts: PathParts): boolean => parts.path.startsWith(head) && matchSegments(segments, parts.segments);
  return { matches, mayMatchBelow: (dir) => leadsOn(segments, dir.segments) };
}

function matchSegment(segment: Segment | undefined, name: string): boolean {
  if (segment === undefined || segment.kind === 'any-depth') return false;
  return segment.kind === 'literal' ? segment.text === name : segment.matches(name);
}

/** Only the last `**` seen is ever widened, as with the last `*` in a name. */
function matchSegments(segments: readonly Segment[], names: readonly string[]): boolean {
  let segment = 0;
  let at = 0;
  let deepSegment = -1;
  let deepAt = 0;
  for (let name = names[at]; name !== undefined; name = names[at]) {
    if (segments[segment]?.kind === 'any-depth') {
      deepSegment = segment++;
      deepAt = at;
    } else if (matchSegment(segments[segment], name)) {
      segment += 1;
      at += 1;
    } else if (deepSegment === -1) {
      return false;
    } else {
      segment = deepSegment + 1;
      at = ++deepAt;
    }
  }
  return segment === segments.length;
}

function leadsOn(segments: readonly Segment[], dir: readonly string[]): boolean {
  for (const [at, name] of dir.entries()) {
    if (segments[at]?.kind === 'any-depth') return true;
    if (!matchSegment(segments[at], name)) return false;
  }
  return segments.length > dir.length;
}

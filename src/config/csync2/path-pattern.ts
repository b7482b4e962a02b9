/**
 * The text of csync2's patterns, all byte strings.
 *
 * A path pattern is matched by fnmatch against the whole path, or against a directory that it lies in. Without a `**`
 * nothing in it but a `/` matches a `/`; with one, every `*`, `?` and `[!…]` does. csync2's quotes have no escapes: a `"`
 * is written as a set that has only that character.
 */
import { bytesToText } from '../../util/bytes.ts';
import { CsyncdError } from '../../util/errors.ts';
import type { Token } from '../../util/glob.ts';
import { isAnyName, type Segment } from './segments.ts';

/** More `**` in one pattern than this would make too many of it. */
const MOST_ANY_DEPTHS = 4;

/** What to say when there are no such patterns. */
export const CROSSES = {
  problem: 'has a "*" that would stand for a "/" too, in csync2',
  hint: 'csync2 lets every "*" do so where a pattern can match at any depth: write out the names, or the directories',
} as const;

/**
 * The path patterns that together match what the segments match below `root` (itself a pattern), and all that lies in
 * it. Null when there are none: a `*` that csync2 lets cross a `/` would match more.
 */
export function pathPatterns(root: string, segments: readonly Segment[]): string[] | null {
  // What lies in a directory is matched with it: `a/**` is `a/*`.
  if (segments.at(-2) === 'any-depth' && isAnyName(segments.at(-1))) {
    return pathPatterns(root, [...segments.slice(0, -2), ['star']]);
  }
  const depths = segments.filter((segment) => segment === 'any-depth').length;
  if (depths === 0) return [join(root, segments)];
  if (depths > MOST_ANY_DEPTHS || !segments.every((_, at) => mayCross(segments, at))) return null;
  return withAndWithout(segments).map((variant) => join(root, variant));
}

/** csync2's `**` stands for one name at least, ours for none too. */
function withAndWithout([first, ...rest]: readonly Segment[]): (readonly Segment[])[] {
  if (first === undefined) return [[]];
  const variants = withAndWithout(rest);
  const kept = variants.map((variant) => [first, ...variant]);
  return first === 'any-depth' ? [...variants, ...kept] : kept;
}

/**
 * Whether it makes no difference that the stars of a segment cross a `/`: what a star takes too much can be said to be
 * taken by a `**` before or behind it, or lies below a match anyway.
 */
function mayCross(segments: readonly Segment[], at: number): boolean {
  const segment = segments[at];
  if (segment === undefined || segment === 'any-depth') return true;
  const before = segments.slice(0, at).findLast((other) => !isAnyName(other));
  const behind = segments.slice(at + 1).find((other) => !isAnyName(other));
  return segment.every((token, index) => {
    if (token !== 'star') return true;
    if (index === 0 && before === 'any-depth') return true;
    return index === segment.length - 1 && (behind === 'any-depth' || behind === undefined);
  });
}

function join(root: string, segments: readonly Segment[]): string {
  const deep = segments.includes('any-depth');
  return [root, ...segments.map((segment) => (segment === 'any-depth' ? '**' : glob(segment, deep)))].join(
    '/',
  );
}

/** A basename pattern. */
export function namePattern(tokens: readonly Token[]): string {
  // What begins with one of these is a path pattern; a name has no slash.
  return glob(tokens, false).replace(/^%/, '\\%');
}

/** A pattern that matches just this. */
export function literalPattern(bytes: string): string {
  return bytes.replaceAll(/["*?[\\]/g, (char) => (char === '"' ? glob([0x22], false) : `\\${char}`));
}

/** A byte string as one word of csync2.cfg; throws a CsyncdError `csync2-config` when it has a `"` in it. */
export function quoted(word: string): string {
  if (word.includes('"')) {
    throw new CsyncdError('csync2-config', `csync2.cfg cannot hold a double quote: ${bytesToText(word)}`);
  }
  return `"${word}"`;
}

function glob(tokens: readonly Token[], deep: boolean): string {
  return tokens.map((token) => tokenText(token, deep)).join('');
}

function tokenText(token: Token, deep: boolean): string {
  if (token === 'star') return '*';
  if (token === 'any') return deep ? '[!/]' : '?';
  if (typeof token !== 'number') return setText(token, deep);
  if (token === 0x22) return setText(new Uint8Array(256).fill(1, 0x22, 0x23), deep);
  const char = String.fromCharCode(token);
  return '*?[\\'.includes(char) ? `\\${char}` : char;
}

const SLASH = 0x2f;
const QUOTE = 0x22;

/** A set that has a `"` is written as what it has not, because a `"` cannot be written. */
function setText(set: Uint8Array, deep: boolean): string {
  const negated = set[QUOTE] === 1;
  const named = set.map((member, byte) => (byte !== 0 && (member === 1) !== negated ? 1 : 0));
  named[SLASH] = 0;
  if (negated && named.every((member) => member === 0)) return deep ? '[!/]' : '?';
  return `[${negated ? '!' : ''}${negated && deep ? '/' : ''}${ranges(named)}]`;
}

function ranges(named: Uint8Array): string {
  let text = '';
  for (let from = named.indexOf(1); from !== -1;) {
    const end = named.indexOf(0, from) === -1 ? named.length : named.indexOf(0, from);
    text += setMember(from);
    if (end - from > 2) text += '-';
    if (end - from > 1) text += setMember(end - 1);
    from = named.indexOf(1, end);
  }
  return text;
}

function setMember(byte: number): string {
  return String.fromCharCode(byte).replace(/[\]\\[!^-]/, '\\$&');
}

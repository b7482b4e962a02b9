/**
 * One segment of a gitignore pattern (what stands between two slashes) against one file name, both byte strings: `*`,
 * `?`, `[a-z]`, `[!a]`, `[[:digit:]]`, `\` in front of a character that is meant literally.
 *
 * Own matcher instead of a translation to RegExp, because a pattern such as `*a*a*a*b` makes a RegExp try every split:
 * here the work is bounded by pattern length times name length, whatever the pattern.
 */
import { isCharClass } from './char-classes.ts';

/** A byte, any one byte, any run of bytes, or a set of bytes (index = byte, 1 = member). */
export type Token = number | 'any' | 'star' | Uint8Array;

export type SegmentMatcher =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'glob'; readonly matches: (name: string) => boolean };

type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** Compiles one segment; `problem` says what is wrong with it, to stand behind the pattern's text. */
export function compileSegment(segment: string): Parsed<SegmentMatcher> {
  const parsed = tokenize(segment);
  return parsed.ok ? { ok: true, value: specialize(parsed.value) } : parsed;
}

/** The parts of one segment; `problem` as for compileSegment. */
export function tokenize(segment: string): Parsed<Token[]> {
  const tokens: Token[] = [];
  for (let at = 0; at < segment.length; at++) {
    const char = segment[at];
    if (char === '*') {
      if (tokens.at(-1) !== 'star') tokens.push('star');
    } else if (char === '?') {
      tokens.push('any');
    } else if (char === '[') {
      const set = parseSet(segment, at + 1);
      if (!set.ok) return set;
      tokens.push(set.value.members);
      at = set.value.end;
    } else {
      if (char === '\\') at += 1;
      if (at === segment.length) return { ok: false, problem: 'ends in a single backslash' };
      tokens.push(segment.charCodeAt(at));
    }
  }
  return { ok: true, value: tokens };
}

/** What stands behind a `[`, read as git reads it; `end` is the index of the closing `]`. */
function parseSet(segment: string, start: number): Parsed<{ members: Uint8Array; end: number }> {
  const members = new Uint8Array(256);
  const negated = segment[start] === '!' || segment[start] === '^';
  let at = negated ? start + 1 : start;
  let before: number | null = null;
  const first = at;
  for (; at === first || segment[at] !== ']'; at++) {
    if (at >= segment.length) return { ok: false, problem: 'has a "[" without its "]"' };
    const named = /^\[:([^\]]*):\]/.exec(segment.slice(at, at + 16));
    if (named !== null) {
      const name = named[1] ?? '';
      if (!addClass(members, name))
        return { ok: false, problem: `has an unknown character class "[:${name}:]"` };
      at += named[0].length - 1;
      before = null;
      continue;
    }
    const isRange: boolean =
      segment[at] === '-' && before !== null && at + 1 < segment.length && segment[at + 1] !== ']';
    if (isRange) at += 1;
    if (segment[at] === '\\') at += 1;
    if (at >= segment.length) return { ok: false, problem: 'has a "[" without its "]"' };
    const byte = segment.charCodeAt(at);
    if (byte > 127) return { ok: false, problem: 'has a character in "[ ]" that is more than one byte long' };
    const from = isRange && before !== null ? before : byte;
    if (from > byte) return { ok: false, problem: 'has a range in "[ ]" that runs backwards' };
    members.fill(1, from, byte + 1);
    before = isRange ? null : byte;
  }
  if (negated) members.forEach((member, byte) => (members[byte] = member === 1 ? 0 : 1));
  return { ok: true, value: { members, end: at } };
}

function addClass(members: Uint8Array, name: string): boolean {
  if (isCharClass(name, 0) === null) return false;
  for (let byte = 0; byte < 128; byte++) if (isCharClass(name, byte) === true) members[byte] = 1;
  return true;
}

/** The forms that nearly all patterns have (`name`, `*`, `*.ext`, `name*`) need no byte loop. */
function specialize(tokens: readonly Token[]): SegmentMatcher {
  const stars = tokens.filter((token) => token === 'star').length;
  if (stars > 1 || tokens.some((token) => token === 'any' || token instanceof Uint8Array)) {
    return { kind: 'glob', matches: (name) => matchTokens(tokens, name) };
  }
  const star = tokens.indexOf('star');
  if (star === -1) return { kind: 'literal', text: literal(tokens) };
  const head = literal(tokens.slice(0, star));
  const tail = literal(tokens.slice(star + 1));
  const least = head.length + tail.length;
  return {
    kind: 'glob',
    matches: (name) => name.length >= least && name.startsWith(head) && name.endsWith(tail),
  };
}

function literal(tokens: readonly Token[]): string {
  return tokens.map((token) => (typeof token === 'number' ? String.fromCharCode(token) : '')).join('');
}

/** Only the last star seen is ever widened: an earlier one that took less could not make a match of a mismatch. */
function matchTokens(tokens: readonly Token[], name: string): boolean {
  let token = 0;
  let at = 0;
  let starToken = -1;
  let starAt = 0;
  while (at < name.length) {
    const wanted = tokens[token];
    if (wanted === 'star') {
      starToken = token++;
      starAt = at;
    } else if (wanted !== undefined && matchByte(wanted, name.charCodeAt(at))) {
      token += 1;
      at += 1;
    } else if (starToken === -1) {
      return false;
    } else {
      token = starToken + 1;
      at = ++starAt;
    }
  }
  while (tokens[token] === 'star') token += 1;
  return token === tokens.length;
}

function matchByte(token: Exclude<Token, 'star'>, byte: number): boolean {
  if (typeof token === 'number') return token === byte;
  return token === 'any' || token[byte] === 1;
}

/**
 * One of csync2's path patterns as patterns below a directory in gitignore's manner: a list of segments, `**` among them.
 * Where csync2's stars cross slashes, one pattern can become several.
 */
import { isUtf8 } from 'node:buffer';
import { compileSegment } from '../../util/glob.ts';
import { accepts, startStates, step, type Glob, type GlobToken } from './fnmatch.ts';

export type Segment = '**' | NameGlob;

/** A pattern for one name. */
export interface NameGlob {
  /** as csyncd writes it */
  readonly text: string;
  /** the only name that it matches, or null */
  readonly literal: string | null;
  readonly matches: (name: string) => boolean;
}

export type RelativePattern = readonly Segment[];

export type Relative =
  /** the directory itself matches, or one above it */
  | { readonly kind: 'covers' }
  /** what may match below; nothing when the list is empty */
  | {
      readonly kind: 'below';
      readonly patterns: readonly RelativePattern[];
      /** csync2 finds only a part of what matches: its scan does not go into every directory on the way there */
      readonly missed: boolean;
    }
  /** csyncd cannot say it */
  | { readonly kind: 'unsayable'; readonly problem: string };

const SLASH = 47;
/** More patterns than this for one are no help to a reader. */
const MOST = 16;

/** @param root the directory as a name without a slash at its end; `''` for `/` */
export function relativeTo(glob: Glob, root: string): Relative {
  let states = startStates();
  const path = `${root}/`;
  for (let at = 0; at < path.length; at++) {
    if (path.charCodeAt(at) === SLASH && accepts(glob, states)) return { kind: 'covers' };
    states = step(glob, states, path.charCodeAt(at));
  }
  const rest = [...states].map((state) => glob.tokens.slice(state));
  const patterns: RelativePattern[] = [];
  for (const tokens of rest) {
    const found = glob.crosses ? expand(tokens) : segmentsOf([tokens]);
    if (found === null) return { kind: 'unsayable', problem: 'has a set that csyncd cannot write' };
    patterns.push(...found);
  }
  if (patterns.length > MOST) return { kind: 'unsayable', problem: 'crosses slashes in too many ways' };
  return { kind: 'below', patterns, missed: glob.crosses && rest.some(isMissedByScan) };
}

/**
 * A scan goes where the pattern, cut at one of its slashes, matches. So it gets to `**\/x` and `a**`, since all that leads there
 * matches `**` or is selected, but not to what the star of `**x` or a question mark has crossed a slash for.
 */
function isMissedByScan(tokens: readonly GlobToken[]): boolean {
  return tokens.some((token, at) => {
    const next = tokens[at + 1];
    return token === 'star' ? next !== undefined && next !== SLASH : typeof token !== 'number';
  });
}

/** A pattern for names, as csyncd writes it; null when it cannot, `'never'` when it matches none. */
export function nameGlob(tokens: readonly GlobToken[]): NameGlob | 'never' | null {
  const parts = tokens.map(tokenText);
  if (parts.includes('')) return 'never';
  const text = parts.join('');
  if (parts.includes(null) || !isUtf8(Buffer.from(text, 'latin1'))) return null;
  // oxlint-disable-next-line no-control-regex
  if (/[\0\n]/.test(text)) return null;
  const compiled = compileSegment(text);
  if (!compiled.ok) return null;
  const { value } = compiled;
  if (value.kind === 'glob') return { text, literal: null, matches: value.matches };
  const { text: literal } = value;
  if (literal === '' || literal === '.' || literal === '..') return 'never';
  return { text, literal, matches: (name) => name === literal };
}

/** `''` for a set without members, null for one that csyncd's patterns do not have. */
function tokenText(token: GlobToken): string | null {
  if (typeof token === 'number') return escaped(token, /[\\*?[\]]/);
  if (token === 'star') return '*';
  if (token === 'any') return '?';
  const inName = (byte: number): boolean => byte !== 0 && byte !== SLASH;
  const bytes = Array.from({ length: 256 }, (_, byte) => byte).filter(inName);
  const members = bytes.filter((byte) => token[byte] === 1);
  const [only] = members;
  if (only === undefined) return '';
  if (members.length === bytes.length) return '?';
  if (members.length === 1) return escaped(only, /[\\*?[\]]/);
  const high = members.filter((byte) => byte > 127).length;
  if (high !== 0 && high !== 128) return null;
  const listed = high === 0 ? members : bytes.filter((byte) => byte < 128 && token[byte] !== 1);
  return `[${high === 0 ? '' : '!'}${ranges(listed)}]`;
}

function ranges(bytes: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const byte of bytes) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] === byte - 1) run[1] = byte;
    else runs.push([byte, byte]);
  }
  const shown = (byte: number): string => escaped(byte, /[\]\\^!\-[]/);
  return runs
    .map(([from, to]) =>
      from === to ? shown(from) : `${shown(from)}${to === from + 1 ? '' : '-'}${shown(to)}`,
    )
    .join('');
}

function escaped(byte: number, special: RegExp): string {
  const char = String.fromCharCode(byte);
  return special.test(char) ? `\\${char}` : char;
}

/** Patterns whose stars stay within a name. Those that can match nothing are left out; null when one cannot be said. */
function segmentsOf(lists: readonly (readonly GlobToken[])[]): RelativePattern[] | null {
  const patterns: RelativePattern[] = [];
  for (const tokens of lists) {
    const names = splitAtSlashes(tokens).map(nameGlob);
    if (names.includes(null)) return null;
    const segments = names.filter((name) => name !== null && name !== 'never');
    if (segments.length === names.length && names.length > 0) patterns.push(segments);
  }
  return patterns;
}

function splitAtSlashes(tokens: readonly GlobToken[]): GlobToken[][] {
  const parts: GlobToken[][] = [[]];
  for (const token of tokens) {
    if (token === SLASH) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

/** Patterns whose stars, question marks and sets may take slashes too. */
function expand(tokens: readonly GlobToken[]): RelativePattern[] | null {
  let lists: GlobToken[][] = [[]];
  for (const token of tokens) {
    const asSlash = token === 'any' || (token instanceof Uint8Array && token[SLASH] === 1);
    lists = lists.flatMap((list) => [[...list, token], ...(asSlash ? [[...list, SLASH]] : [])]);
    if (lists.length > MOST) return null;
  }
  const patterns: RelativePattern[] = [];
  for (const list of lists) {
    const found = crossings(list, []);
    if (found === null) return null;
    patterns.push(...found);
  }
  return patterns;
}

/** @param before complete segments in front of the tokens */
function crossings(tokens: readonly GlobToken[], before: readonly Segment[]): RelativePattern[] | null {
  const slash = tokens.indexOf(SLASH);
  const star = tokens.indexOf('star');
  if (star === -1 || (slash !== -1 && slash < star)) {
    if (slash === -1) return closed(before, tokens, null);
    return closed(before, tokens.slice(0, slash), tokens.slice(slash + 1));
  }
  const head = tokens.slice(0, star);
  const tail = tokens.slice(star + 1);
  if (tail.length === 0) return closed(before, [...head, 'star'], null);
  if (tail[0] === SLASH) {
    if (head.length === 0) return crossings(tail.slice(1), [...deeper(before), anyName]);
    return closed(before, [...head, 'star'], tail.slice(1), true);
  }
  // `*x` is x at any depth; `y*x` is one name, or a name that begins with y and any depth below it one that ends with x.
  const crossed = head.length === 0 ? [] : closed(before, [...head, 'star'], ['star', ...tail], true);
  const within = startsName(tail, head.length === 0 ? deeper(before) : before, [...head, 'star']);
  return crossed === null || within === null ? null : [...within, ...crossed];
}

const anyName: NameGlob = { text: '*', literal: null, matches: () => true };

function deeper(segments: readonly Segment[]): Segment[] {
  return segments.at(-1) === '**' ? [...segments] : [...segments, '**'];
}

/** Goes on within a name that begins with tokens whose stars are settled. */
function startsName(
  tokens: readonly GlobToken[],
  before: readonly Segment[],
  name: readonly GlobToken[],
): RelativePattern[] | null {
  const [token, ...rest] = tokens;
  if (token === undefined) return closed(before, name, null);
  if (token === SLASH) return closed(before, name, rest);
  if (token !== 'star') return startsName(rest, before, [...name, token]);
  if (rest.length === 0) return closed(before, [...name, 'star'], null);
  if (rest[0] === SLASH) return closed(before, [...name, 'star'], rest.slice(1), true);
  const crossed = closed(before, [...name, 'star'], ['star', ...rest], true);
  const within = startsName(rest, before, [...name, 'star']);
  return crossed === null || within === null ? null : [...within, ...crossed];
}

/** Ends a name, and goes on behind its slash: right below it, or at any depth. */
function closed(
  before: readonly Segment[],
  name: readonly GlobToken[],
  rest: readonly GlobToken[] | null,
  deep = false,
): RelativePattern[] | null {
  if (name.length === 0) return [];
  const segment = nameGlob(name);
  if (segment === null) return null;
  if (segment === 'never') return [];
  const segments = [...before, segment];
  if (rest === null) return [segments];
  return crossings(rest, deep ? deeper(segments) : segments);
}

/** The pattern as csyncd writes it, as a byte string. */
export function patternText(pattern: RelativePattern): string {
  const [first, second] = pattern;
  if (pattern.length === 2 && first === '**' && second !== undefined && second !== '**')
    return second.text.startsWith('!') ? `\\${second.text}` : second.text;
  return `/${pattern.map((segment) => (segment === '**' ? segment : segment.text)).join('/')}`;
}

/** Whether some path could lie at or below what both match. Says yes where it cannot be sure. */
export function mayOverlap(a: RelativePattern, b: RelativePattern): boolean {
  for (const [at, segment] of a.entries()) {
    const other = b[at];
    if (other === undefined || other === '**' || segment === '**') return true;
    if (!mayShareName(segment, other)) return false;
  }
  return true;
}

/** Whether some name could match both. Says yes where it cannot be sure. */
export function mayShareName(a: NameGlob, b: NameGlob): boolean {
  if (a.literal !== null) return b.matches(a.literal);
  return b.literal === null || a.matches(b.literal);
}

/** Whether the pattern could match one of these directories, or one above it. Says yes where it cannot be sure. */
export function mayMatchAtOrAbove(pattern: RelativePattern, dir: RelativePattern): boolean {
  const fixed = pattern.includes('**') || dir.includes('**');
  return mayOverlap(pattern, dir) && (fixed || pattern.length <= dir.length);
}

/** Whether all that matches `inner` lies at or below what `outer` matches. Says no where it cannot be sure. */
export function covers(outer: RelativePattern, inner: RelativePattern): boolean {
  return (
    outer.length <= inner.length &&
    outer.every((segment, at) => {
      const other = inner[at];
      return segment !== '**' && other !== undefined && other !== '**' && segment.text === other.text;
    })
  );
}

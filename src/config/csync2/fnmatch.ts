/**
 * glibc's fnmatch in the C locale, with the flags that csync2 uses, over byte strings. The tokens are kept, because the
 * import looks into patterns as well.
 */
import { isCharClass } from '../../util/char-classes.ts';

/** A byte, any byte, any run of bytes, or a set of bytes (index = byte, 1 = member). */
export type GlobToken = number | 'any' | 'star' | Uint8Array;

export interface Glob {
  readonly tokens: readonly GlobToken[];
  /** `*`, `?` and `[ ]` match `/` too */
  readonly crosses: boolean;
}

const SLASH = 47;

/** Null when the pattern can never match: it ends in a single backslash, or has a set that glibc refuses. */
export function compileGlob(pattern: string, crosses: boolean): Glob | null {
  const tokens: GlobToken[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at];
    if (char === '*') {
      if (tokens.at(-1) !== 'star') tokens.push('star');
    } else if (char === '?') tokens.push('any');
    else if (char === '[') {
      const set = parseSet(pattern, at + 1, crosses);
      if (set === 'never') return null;
      tokens.push(set?.members ?? pattern.charCodeAt(at));
      at = set?.end ?? at;
    } else {
      if (char === '\\') at += 1;
      if (at === pattern.length) return null;
      tokens.push(pattern.charCodeAt(at));
    }
  }
  return { tokens, crosses };
}

/** What stands behind a `[`; null when it has no `]` and so is a bracket like any other character. */
function parseSet(
  pattern: string,
  start: number,
  crosses: boolean,
): { members: Uint8Array; end: number } | 'never' | null {
  const members = new Uint8Array(256);
  const negated = pattern[start] === '!' || pattern[start] === '^';
  let at = negated ? start + 1 : start;
  const first = at;
  let impossible = false;
  for (; at === first || pattern[at] !== ']'; at++) {
    if (at >= pattern.length) return null;
    const named = /^\[:([a-z]*):\]/.exec(pattern.slice(at, at + 16));
    if (named !== null) {
      const name = named[1] ?? '';
      for (let byte = 0; byte < 128; byte++) if (isCharClass(name, byte) === true) members[byte] = 1;
      impossible ||= isCharClass(name, 0) === null;
      at += named[0].length - 1;
      continue;
    }
    if (pattern[at] === '\\') at += 1;
    if (at >= pattern.length) return null;
    if (pattern[at] === '/' && !crosses) return null;
    const from = pattern.charCodeAt(at);
    let to = from;
    if (pattern[at + 1] === '-' && at + 2 < pattern.length && pattern[at + 2] !== ']') {
      at += pattern[at + 2] === '\\' ? 3 : 2;
      if (at >= pattern.length) return null;
      to = pattern.charCodeAt(at);
    }
    members.fill(1, from, Math.max(from, to + 1));
  }
  if (impossible) return 'never';
  if (negated) members.forEach((member, byte) => (members[byte] = member === 1 ? 0 : 1));
  if (!crosses) members[SLASH] = 0;
  return { members, end: at };
}

/** Whether a token takes this byte; a star takes any number of them. */
function takes(token: GlobToken, byte: number, crosses: boolean): boolean {
  if (typeof token === 'number') return token === byte;
  if (byte === SLASH && !crosses) return false;
  return typeof token === 'string' || token[byte] === 1;
}

/** Positions in the pattern that a text can have led to: a star stands for itself and for what follows it. */
export function startStates(): ReadonlySet<number> {
  return new Set([0]);
}

/** The positions after one more byte. */
export function step({ tokens, crosses }: Glob, states: ReadonlySet<number>, byte: number): Set<number> {
  const next = new Set<number>();
  for (const state of states) {
    for (let at = state; at < tokens.length; at++) {
      const token = tokens[at];
      if (token === undefined) break;
      if (takes(token, byte, crosses)) next.add(token === 'star' ? at : at + 1);
      if (token !== 'star') break;
    }
  }
  return next;
}

/** Whether the text may end here. */
export function accepts({ tokens }: Glob, states: ReadonlySet<number>): boolean {
  for (const state of states) {
    if (state === tokens.length || (state === tokens.length - 1 && tokens[state] === 'star')) return true;
  }
  return false;
}

/** @param leading whether it is enough that a directory above matches (FNM_LEADING_DIR) */
export function matchGlob(glob: Glob, text: string, leading: boolean): boolean {
  let states = startStates();
  for (let at = 0; at < text.length; at++) {
    const byte = text.charCodeAt(at);
    if (leading && byte === SLASH && accepts(glob, states)) return true;
    states = step(glob, states, byte);
    if (states.size === 0) return false;
  }
  return accepts(glob, states);
}

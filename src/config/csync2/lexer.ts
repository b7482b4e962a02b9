/**
 * csync2.cfg to tokens, as csync2 2.0 reads it:
 *
 * - a bare word runs to white space or one of `@ ; ( ) # "`, and does not end in `:`; braces may be part of it, so that
 *   `group g{` is one word too few. Only blank, tab, CR and LF are white space;
 * - a quoted string has no escapes, may span lines, and is no token at all when it is empty;
 * - a keyword is one wherever it stands alone and unquoted;
 * - `config FILE…;` is replaced by what is in the files, wherever it stands. The files are raw words up to the `;`.
 */
import { CsyncdError } from '../../util/errors.ts';
import type { At } from './model.ts';

export type Token =
  | { readonly kind: 'word'; readonly text: string; readonly at: At }
  | { readonly kind: 'keyword'; readonly text: Keyword; readonly at: At }
  | { readonly kind: 'mark'; readonly text: string; readonly at: At }
  | { readonly kind: 'end'; readonly text: ''; readonly at: At };

/** The content of an included file as a byte string; null when it cannot be read. */
export type ReadInclude = (path: string) => string | null;

const KEYWORDS = [
  'action',
  'auto',
  'backup-directory',
  'backup-generations',
  'compare',
  'config',
  'database',
  'do-local',
  'do-local-only',
  'exclude',
  'exec',
  'group',
  'host',
  'ignore',
  'include',
  'key',
  'lock-timeout',
  'logfile',
  'no-cygwin-lowercase',
  'nossl',
  'on',
  'pattern',
  'prefix',
  'tempdir',
] as const;
export type Keyword = (typeof KEYWORDS)[number];

/** How many includes below each other csync2 reads. */
const DEEPEST = 10;

const SKIP = /(?:[ \t\r\n]|#[^\n]*)+/y;
const QUOTED = /"[^"]*"/y;
const MARK = /[();:@]/y;
const WORD = /[^ \t\r\n@;()#"]*[^ \t\r\n@;()#":]/y;
const INCLUDES = /([^;]*);/y;

/** Reads a file and all that it includes. Throws a CsyncdError `bad-csync2-config` with file and line. */
export function tokenize(file: string, text: string, read: ReadInclude): Token[] {
  const tokens: Token[] = [];
  tokenizeFile(file, text, read, 0, tokens);
  tokens.push({ kind: 'end', text: '', at: { file, line: lineAt(text, text.length) } });
  return tokens;
}

/** A fault at a place, as csync2 would refuse the file for. */
export function badConfig(at: At, problem: string, hint: string | null = null): CsyncdError {
  const message = `${at.file}:${at.line}: ${problem}`;
  return new CsyncdError('bad-csync2-config', message, hint === null ? {} : { hint });
}

function tokenizeFile(file: string, text: string, read: ReadInclude, depth: number, tokens: Token[]): void {
  let at = 0;
  let line = 1;
  let counted = 0;
  const take = (form: RegExp): RegExpExecArray | null => {
    form.lastIndex = at;
    const found = form.exec(text);
    if (found !== null) at += found[0].length;
    return found;
  };
  const here = (): At => {
    for (; counted < at; counted++) if (text[counted] === '\n') line += 1;
    return { file, line };
  };
  while (at < text.length) {
    if (take(SKIP) !== null) continue;
    const place = here();
    const quoted = take(QUOTED)?.[0];
    if (quoted !== undefined) {
      if (quoted !== '""') tokens.push({ kind: 'word', text: quoted.slice(1, -1), at: place });
      continue;
    }
    if (text[at] === '"') throw badConfig(place, 'a quoted string without its end');
    const word = take(WORD)?.[0];
    if (word === undefined || word === '{' || word === '}') {
      const mark = word ?? take(MARK)?.[0];
      if (mark === undefined) throw badConfig(place, `unexpected ${JSON.stringify(text[at])}`);
      tokens.push({ kind: 'mark', text: mark, at: place });
    } else if (word === 'config') {
      const files = take(INCLUDES)?.[1];
      if (files === undefined) throw badConfig(place, 'config without the ";" behind its files');
      for (const name of files.split(/[ \t\r\n]+/).filter((path) => path !== '')) {
        include(place, name, read, depth, tokens);
      }
    } else if (isKeyword(word)) tokens.push({ kind: 'keyword', text: word, at: place });
    else tokens.push({ kind: 'word', text: word, at: place });
  }
}

function include(at: At, path: string, read: ReadInclude, depth: number, tokens: Token[]): void {
  if (depth === DEEPEST)
    throw badConfig(at, `config ${path}: more than ${DEEPEST} includes below each other`);
  const text = read(path);
  if (text === null) {
    const hint =
      'csync2 takes a relative path from the directory that it is started in; start csyncd there too';
    throw badConfig(at, `config ${path}: cannot be read`, path.startsWith('/') ? null : hint);
  }
  tokenizeFile(path, text, read, depth + 1, tokens);
}

function isKeyword(word: string): word is Keyword {
  return (KEYWORDS as readonly string[]).includes(word);
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

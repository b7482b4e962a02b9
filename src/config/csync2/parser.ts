/** csync2.cfg's grammar (csync2 2.0), from tokens to what it says. */
import { badConfig, tokenize, type Keyword, type ReadInclude, type Token } from './lexer.ts';
import {
  CSYNC2_AUTOS,
  type At,
  type Csync2Action,
  type Csync2Auto,
  type Csync2Config,
  type Csync2Group,
  type Csync2Host,
  type Csync2Pattern,
  type Csync2Prefix,
  type Setting,
} from './model.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer I)[] ? I[] : T[K] };

/**
 * Parses a csync2.cfg with all that it includes. Throws a CsyncdError `bad-csync2-config` that says file, line and what,
 * for whatever csync2 itself would refuse.
 *
 * @param text the file as a byte string
 */
export function parseCsync2Config(file: string, text: string, read: ReadInclude): Csync2Config {
  return new Parser(tokenize(file, text, read)).parse();
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #unnamed = 0;
  readonly #config: Mutable<Csync2Config> = {
    groups: [],
    prefixes: [],
    nossl: [],
    ignore: [],
    database: null,
    tempdir: null,
    lockTimeout: null,
  };

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Csync2Config {
    for (let token = this.#take(); token.kind !== 'end'; token = this.#take()) {
      if (token.kind !== 'keyword')
        throw this.#unexpected(token, 'a statement such as group, prefix or nossl');
      this.#statement(token.text, token.at);
    }
    return this.#config;
  }

  #statement(keyword: Keyword, at: At): void {
    const config = this.#config;
    switch (keyword) {
      case 'group':
        config.groups.push(this.#group(at));
        return;
      case 'prefix':
        config.prefixes.push(this.#prefix(at));
        return;
      case 'nossl': {
        const [from, to] = [this.#word('a host pattern'), this.#word('a second host pattern')];
        this.#mark(';');
        config.nossl.push({ from, to, at });
        return;
      }
      case 'ignore':
        for (const { text, at: place } of this.#words()) {
          if (text !== 'uid' && text !== 'gid' && text !== 'mod')
            throw badConfig(place, `ignore ${text}: csync2 knows uid, gid and mod`);
          config.ignore.push({ what: text, at: place });
        }
        return;
      case 'database': {
        const database = this.#setting(at);
        config.database ??= database;
        return;
      }
      case 'tempdir':
        config.tempdir = this.#setting(at);
        return;
      case 'lock-timeout':
        config.lockTimeout = this.#setting(at);
        return;
      case 'no-cygwin-lowercase':
        throw badConfig(at, 'no-cygwin-lowercase is refused by csync2 on this system');
      default:
        throw badConfig(at, `${keyword} is no statement outside of a group`);
    }
  }

  #prefix(at: At): Csync2Prefix {
    const name = this.#word('the name of the prefix');
    const places: Csync2Prefix['places'][number][] = [];
    this.#mark('{');
    for (let token = this.#take(); !isMark(token, '}'); token = this.#take()) {
      if (token.kind !== 'keyword' || token.text !== 'on') throw this.#unexpected(token, '"on" or "}"');
      const host = this.#word('a host pattern');
      this.#mark(':');
      const { value: path, at: place } = this.#setting(token.at);
      if (!path.startsWith('/')) throw badConfig(place, `prefix ${name}: ${path} is not an absolute path`);
      places.push({ host, path: withoutSlashes(path), at: place });
    }
    return { name, places, at };
  }

  #group(at: At): Csync2Group {
    const token = this.#take();
    const name = token.kind === 'word' ? token.text : `group_${++this.#unnamed}`;
    if (token.kind === 'word') this.#mark('{');
    else if (!isMark(token, '{')) throw this.#unexpected(token, 'a name or "{"');

    const group: Omit<Mutable<Csync2Group>, 'key'> & { key: Setting | null } = {
      name,
      at,
      hosts: [],
      key: null,
      patterns: [],
      auto: null,
      backupDirectory: null,
      backupGenerations: null,
      actions: [],
    };
    for (let inner = this.#take(); !isMark(inner, '}'); inner = this.#take()) {
      if (inner.kind !== 'keyword') throw this.#unexpected(inner, 'a statement of the group or "}"');
      this.#inGroup(group, inner.text, inner.at);
    }
    const { key } = group;
    if (key === null) throw badConfig(at, `group ${name} has no key, which csync2 refuses`);
    return { ...group, key };
  }

  #inGroup(
    group: Omit<Mutable<Csync2Group>, 'key'> & { key: Setting | null },
    keyword: Keyword,
    at: At,
  ): void {
    switch (keyword) {
      case 'host':
        group.hosts.push(...this.#hosts());
        return;
      case 'key':
        if (group.key !== null) throw badConfig(at, `group ${group.name} has a second key`);
        group.key = this.#setting(at);
        return;
      case 'include':
      case 'exclude':
      case 'compare':
        group.patterns.push(...this.#patterns(keyword));
        return;
      case 'auto': {
        if (group.auto !== null) throw badConfig(at, `group ${group.name} has a second auto`);
        const { value } = this.#setting(at);
        if (!isAuto(value)) throw badConfig(at, `auto ${value}: csync2 knows ${CSYNC2_AUTOS.join(', ')}`);
        group.auto = { value, at };
        return;
      }
      case 'backup-directory':
        group.backupDirectory = this.#setting(at);
        return;
      case 'backup-generations':
        group.backupGenerations = this.#setting(at);
        return;
      case 'action':
        group.actions.push(this.#action(at));
        return;
      default:
        throw badConfig(at, `${keyword} is no statement of a group`);
    }
  }

  #hosts(): Csync2Host[] {
    const hosts: Csync2Host[] = [];
    let slave = false;
    for (let token = this.#take(); !isMark(token, ';') || slave; token = this.#take()) {
      if (isMark(token, slave ? ')' : '(')) slave = !slave;
      else if (token.kind === 'word') {
        const named = isMark(this.#peek(), '@');
        if (named) this.#take();
        const address = named ? lower(this.#word('an address behind "@"')) : null;
        hosts.push({ name: lower(token.text), address, slave, at: token.at });
      } else throw this.#unexpected(token, slave ? 'a host or ")"' : 'a host or ";"');
    }
    return hosts;
  }

  /** In `compare A B C;` csync2 takes the last word alone for compare; the others are includes. */
  #patterns(kind: Csync2Pattern['kind']): Csync2Pattern[] {
    const words = this.#words();
    return words.map(({ text, at }, index) => ({
      kind: kind === 'compare' && index < words.length - 1 ? 'include' : kind,
      written: kind,
      pattern: withoutSlashes(text),
      at,
    }));
  }

  #action(at: At): Csync2Action {
    const action: Mutable<Csync2Action> = {
      patterns: [],
      commands: [],
      logfile: null,
      where: 'receiver',
      at,
    };
    this.#mark('{');
    for (let token = this.#take(); !isMark(token, '}'); token = this.#take()) {
      const keyword = token.kind === 'keyword' ? token.text : null;
      if (keyword === 'pattern')
        action.patterns.push(...this.#words().map(({ text }) => withoutSlashes(text)));
      else if (keyword === 'exec') action.commands.push(...this.#words().map(({ text }) => text));
      else if (keyword === 'logfile') action.logfile = this.#setting(token.at).value;
      else if (keyword === 'do-local' || keyword === 'do-local-only') {
        this.#mark(';');
        if (action.where !== 'origin') action.where = keyword === 'do-local' ? 'everywhere' : 'origin';
      } else throw this.#unexpected(token, 'pattern, exec, logfile, do-local, do-local-only or "}"');
    }
    return action;
  }

  /** Words up to the `;`. */
  #words(): { readonly text: string; readonly at: At }[] {
    const words: { text: string; at: At }[] = [];
    for (let token = this.#take(); !isMark(token, ';'); token = this.#take()) {
      if (token.kind !== 'word') throw this.#unexpected(token, 'a word or ";"');
      words.push(token);
    }
    return words;
  }

  /** One word and its `;`. */
  #setting(at: At): Setting {
    const value = this.#word('a value');
    this.#mark(';');
    return { value, at };
  }

  #word(wanted: string): string {
    const token = this.#take();
    if (token.kind !== 'word') throw this.#unexpected(token, wanted);
    return token.text;
  }

  #mark(text: string): void {
    const token = this.#take();
    if (!isMark(token, text)) throw this.#unexpected(token, `"${text}"`);
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? this.#end();
  }

  #take(): Token {
    const token = this.#peek();
    this.#next += 1;
    return token;
  }

  #end(): Token {
    return this.#tokens.at(-1) ?? { kind: 'end', text: '', at: { file: '', line: 1 } };
  }

  #unexpected({ kind, text, at }: Token, wanted: string): Error {
    if (kind === 'end') return badConfig(at, `the file ends where ${wanted} should be`);
    const hint =
      kind === 'keyword'
        ? `${text} is a word of csync2's own: put it in quotes where it is a name`
        : kind === 'word' && /.[{}]|[{}]./.test(text)
          ? 'braces need blanks around them'
          : null;
    return badConfig(at, `${JSON.stringify(text)} where ${wanted} should be`, hint);
  }
}

function isMark(token: Token, text: string): boolean {
  return token.kind === 'mark' && token.text === text;
}

function isAuto(word: string): word is Csync2Auto {
  return (CSYNC2_AUTOS as readonly string[]).includes(word);
}

/** As csync2 does with a pattern; `/` alone is left with nothing, which is what lies below the root. */
function withoutSlashes(text: string): string {
  return text.replace(/\/+$/, '');
}

function lower(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

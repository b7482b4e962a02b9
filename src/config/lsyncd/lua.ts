/**
 * Reads what an lsyncd config says without running it: tables, constants, variables, concatenation, loops over tables. What
 * only an interpreter could know (calls, conditions, arithmetic) is `unknown`, and functions are kept as text.
 */
import { luaTokens, type LuaToken } from './lua-tokens.ts';
import {
  assign,
  concatenated,
  entriesOf,
  member,
  type LuaTable,
  type LuaValue,
  type Scope,
} from './lua-values.ts';

/** A call of `settings` or `sync` with a table. */
export interface LuaCall {
  readonly name: 'settings' | 'sync';
  readonly table: LuaTable;
  readonly line: number;
}

export interface LuaFile {
  readonly calls: readonly LuaCall[];
  /** what was passed over and could matter: the line, and what stands there */
  readonly skipped: readonly { readonly line: number; readonly what: string }[];
}

/** More rounds than any config has: so that no loop runs on. */
const MOST_CALLS = 10_000;

/** Never throws: what cannot be read is skipped, and said. */
export function readLua(text: string): LuaFile {
  const reader = new Reader(text);
  reader.block(new Map(), 0, reader.tokens.length - 1);
  return { calls: reader.calls, skipped: reader.skipped };
}

const OPENERS = new Set(['function', 'if', 'do', 'repeat']);
const CLOSERS = new Set(['end', 'until']);

class Reader {
  readonly calls: LuaCall[] = [];
  readonly skipped: { line: number; what: string }[] = [];
  readonly tokens: readonly LuaToken[];
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.tokens = luaTokens(text);
  }

  /** The statements from one token up to another. */
  block(scope: Scope, from: number, end: number): void {
    this.#at = from;
    while (this.#at < end && this.calls.length < MOST_CALLS) {
      const before = this.#at;
      this.#statement(scope);
      if (this.#at === before) this.#at += 1;
    }
  }

  #statement(scope: Scope): void {
    const token = this.#peek();
    const { text, line } = token;
    if (token.kind !== 'name') return void (this.#at += 1);
    if (text === 'local' && this.#peek(1).text !== 'function') {
      this.#at += 1;
      return this.#assignment(scope);
    }
    if (text === 'for') return this.#loop(scope);
    if (text === 'local' || text === 'function' || text === 'if' || text === 'while' || text === 'repeat') {
      this.#skipBlock();
      if (text === 'if' || text === 'while' || text === 'repeat')
        this.skipped.push({ line, what: `${text} … end` });
      return;
    }
    const isCall = text === 'settings' || text === 'sync';
    const next = this.#peek(1).text;
    if (isCall && (next === '{' || next === '(' || (text === 'settings' && next === '='))) {
      this.#at += next === '{' ? 1 : 2;
      const value = this.#expression(scope);
      if (next === '(') this.#accept(')');
      if (value.kind === 'table') this.calls.push({ name: text, table: value.table, line });
      else this.skipped.push({ line, what: `${text} with something else than a table` });
      return;
    }
    this.#assignment(scope);
  }

  /** `a = x`, `a.b = x`, `a, b = x, y`; anything else is an expression whose value nobody wants. */
  #assignment(scope: Scope): void {
    const { line } = this.#peek();
    const targets: string[][] = [];
    do {
      const path = [this.#take().text];
      while (this.#peek().text === '.' && this.#peek(1).kind === 'name') {
        this.#at += 1;
        path.push(this.#take().text);
      }
      targets.push(path);
    } while (this.#accept(','));
    if (!this.#accept('=')) {
      const [name = ''] = targets[0] ?? [];
      if (this.#peek().text === '(') {
        this.#skipBrackets();
        this.skipped.push({ line, what: `the call of ${targets[0]?.join('.') ?? name}` });
      } else if (targets.length === 1) scope.set(name, { kind: 'nil', line });
      return;
    }
    const values: LuaValue[] = [];
    do values.push(this.#expression(scope));
    while (this.#accept(','));
    for (const [at, path] of targets.entries()) assign(scope, path, values[at] ?? { kind: 'nil', line });
  }

  /** `for k, v in pairs(t) do … end` once for each entry. */
  #loop(scope: Scope): void {
    const start = this.#at;
    const { line } = this.#take();
    const names: string[] = [];
    do names.push(this.#take().text);
    while (this.#accept(','));
    const by = this.#accept('in') ? this.#take().text : '';
    const known = (by === 'pairs' || by === 'ipairs') && this.#accept('(');
    const table = known ? this.#expression(scope) : null;
    if (known) this.#accept(')');
    const body = this.#at + 1;
    this.#at = start;
    this.#skipBlock();
    const end = this.#at;
    if (table?.kind !== 'table') {
      this.skipped.push({ line, what: 'a loop over something that only Lua knows' });
      return;
    }
    for (const [key, value] of entriesOf(table.table, by === 'pairs')) {
      const inner = new Map(scope);
      const [keyName = '_', valueName = '_'] = names;
      inner.set(keyName, key).set(valueName, value);
      this.block(inner, body, end - 1);
    }
    this.#at = end;
  }

  #expression(scope: Scope): LuaValue {
    const first = this.#operand(scope);
    let value = first;
    for (;;) {
      const { text, kind } = this.#peek();
      if (kind === 'mark' && text === '..') {
        this.#at += 1;
        value = concatenated(value, this.#operand(scope));
      } else if ((kind === 'mark' && /^([-+*/%^<>&|~]|==|~=|<=|>=|\/\/)$/.test(text)) || text === 'and') {
        this.#at += 1;
        this.#operand(scope);
        value = { kind: 'unknown', line: first.line };
      } else if (text === 'or') {
        this.#at += 1;
        const other = this.#operand(scope);
        // `os.getenv("X") or "default"`: what it is without the environment.
        if (value.kind === 'nil' || value.kind === 'unknown') value = other;
      } else return value;
    }
  }

  #operand(scope: Scope): LuaValue {
    const { kind, text, line, from } = this.#take();
    if (kind === 'string' || kind === 'number') return { kind, text, line };
    if (text === '{') return { kind: 'table', table: this.#table(scope), line };
    if (text === '(') {
      const value = this.#expression(scope);
      this.#accept(')');
      return value;
    }
    if (text === '-' || text === '#' || text === 'not' || text === '~') {
      const value = this.#operand(scope);
      return text === '-' && value.kind === 'number'
        ? { ...value, text: `-${value.text}` }
        : { kind: 'unknown', line };
    }
    if (kind !== 'name') return { kind: 'unknown', line };
    if (text === 'true' || text === 'false') return { kind: 'boolean', value: text === 'true', line };
    if (text === 'nil') return { kind: 'nil', line };
    if (text === 'function') {
      this.#at -= 1;
      this.#skipBlock();
      return { kind: 'function', source: this.#text.slice(from, this.#peek(-1).to), line };
    }
    return this.#suffixes(scope, scope.get(text) ?? { kind: 'given', name: text, line }, line);
  }

  /** `.name`, `["name"]` and calls behind a variable. */
  #suffixes(scope: Scope, start: LuaValue, line: number): LuaValue {
    let value = start;
    for (;;) {
      const { text, kind } = this.#peek();
      if (kind === 'string' || text === '(' || text === '{') {
        if (kind === 'string') this.#at += 1;
        else this.#skipBrackets();
        value = { kind: 'unknown', line };
      } else if (text === '.' || text === ':') {
        this.#at += 1;
        value = member(value, this.#take().text, line);
      } else if (text === '[') {
        this.#at += 1;
        const key = this.#expression(scope);
        this.#accept(']');
        value = key.kind === 'string' ? member(value, key.text, line) : { kind: 'unknown', line };
      } else return value;
    }
  }

  #table(scope: Scope): LuaTable {
    const items: LuaValue[] = [];
    const fields = new Map<string, LuaValue>();
    while (this.#peek().text !== '}' && this.#peek().kind !== 'end') {
      const before = this.#at;
      if (this.#peek().kind === 'name' && this.#peek(1).text === '=') {
        const name = this.#take().text;
        this.#at += 1;
        fields.set(name, this.#expression(scope));
      } else if (this.#peek().kind === 'mark' && this.#peek().text === '[') {
        this.#at += 1;
        const key = this.#expression(scope);
        this.#accept(']');
        this.#accept('=');
        const value = this.#expression(scope);
        if (key.kind === 'string' || key.kind === 'number') fields.set(key.text, value);
      } else items.push(this.#expression(scope));
      if (!this.#accept(',')) this.#accept(';');
      if (this.#at === before) this.#at += 1;
    }
    this.#accept('}');
    return { items, fields };
  }

  /** From a word that opens a block to behind its end. */
  #skipBlock(): void {
    let depth = 0;
    for (let token = this.#take(); token.kind !== 'end'; token = this.#take()) {
      if (token.kind !== 'name') continue;
      if (OPENERS.has(token.text)) depth += 1;
      else if (CLOSERS.has(token.text)) {
        depth -= 1;
        if (depth <= 0) return;
      }
    }
  }

  #skipBrackets(): void {
    let depth = 0;
    do {
      const { kind, text } = this.#take();
      if (kind === 'end') return;
      if (kind === 'mark' && '({['.includes(text)) depth += 1;
      else if (kind === 'mark' && ')}]'.includes(text)) depth -= 1;
    } while (depth > 0);
  }

  #accept(text: string): boolean {
    const token = this.#peek();
    const fits = token.text === text && token.kind !== 'string';
    if (fits) this.#at += 1;
    return fits;
  }

  #peek(ahead = 0): LuaToken {
    const last = this.tokens.at(-1);
    return this.tokens[this.#at + ahead] ?? last ?? { kind: 'end', text: '', line: 1, from: 0, to: 0 };
  }

  #take(): LuaToken {
    const token = this.#peek();
    if (token.kind !== 'end') this.#at += 1;
    return token;
  }
}

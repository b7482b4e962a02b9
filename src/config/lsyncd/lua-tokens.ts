/** Lua's tokens, as far as configs of lsyncd have them. */

export interface LuaToken {
  readonly kind: 'name' | 'string' | 'number' | 'mark' | 'end';
  readonly text: string;
  readonly line: number;
  /** where it begins and ends in the file */
  readonly from: number;
  readonly to: number;
}

const SPACE = /\s+/y;
const LONG = /(?:--)?\[(=*)\[\r?\n?([\s\S]*?)\]\1\]/y;
const COMMENT = /--[^\n]*/y;
const NAME = /[A-Za-z_]\w*/y;
const NUMBER = /0[xX][\da-fA-F]+|\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+/y;
const QUOTED = /"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'/y;
const MARK = /\.\.\.|\.\.|==|~=|<=|>=|::|\/\/|[-+*/%^#&|~<>=(){}[\];:,.]/y;

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

/** What is no token at all is taken for a mark, so that a reader can go on behind it. */
export function luaTokens(text: string): LuaToken[] {
  const tokens: LuaToken[] = [];
  let at = text.startsWith('#') ? text.indexOf('\n') : 0;
  if (at === -1) at = text.length;
  let line = 1;
  let counted = 0;
  const take = (form: RegExp): RegExpExecArray | null => {
    form.lastIndex = at;
    const found = form.exec(text);
    if (found !== null) at += found[0].length;
    return found;
  };
  while (at < text.length) {
    const from = at;
    for (; counted < from; counted++) if (text[counted] === '\n') line += 1;
    const push = (kind: LuaToken['kind'], value: string): void =>
      void tokens.push({ kind, text: value, line, from, to: at });
    if (take(SPACE) !== null) continue;
    const long = take(LONG);
    if (long !== null) {
      if (!long[0].startsWith('--')) push('string', long[2] ?? '');
      continue;
    }
    if (take(COMMENT) !== null) continue;
    const name = take(NAME);
    if (name !== null) push('name', name[0]);
    else {
      const number = take(NUMBER);
      const quoted = number === null ? take(QUOTED) : null;
      if (number !== null) push('number', number[0]);
      else if (quoted !== null) push('string', unescaped(quoted[0].slice(1, -1)));
      else {
        const mark = take(MARK)?.[0] ?? text[at] ?? '';
        if (at === from) at += 1;
        push('mark', mark);
      }
    }
  }
  tokens.push({ kind: 'end', text: '', line, from: text.length, to: text.length });
  return tokens;
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(?:(\d{1,3})|x([\da-fA-F]{2})|z\s*|([\s\S]))/g, (whole, decimal, hex, char) => {
    if (typeof decimal === 'string') return String.fromCharCode(Number(decimal) & 255);
    if (typeof hex === 'string') return String.fromCharCode(Number.parseInt(hex, 16));
    if (typeof char === 'string') return ESCAPES[char] ?? char;
    return whole.startsWith('\\z') ? '' : whole;
  });
}

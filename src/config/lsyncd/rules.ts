/** exclude, excludeFrom, filter and filterFrom of a sync, as csyncd's exclude list. */
import type { Remark } from '../import/draft.ts';
import type { LuaTable, LuaValue } from './lua-values.ts';
import { translateRule } from './patterns.ts';

/** The text of a file; null when it cannot be read. */
export type ReadText = (path: string) => string | null;

interface Rule {
  readonly selects: boolean;
  readonly text: string;
  readonly line: number;
}

/**
 * lsyncd takes the first rule that matches, filters before excludes, and csyncd the last: so a list with a `+` is turned around.
 */
export function excludeList(
  table: LuaTable,
  file: string,
  read: ReadText,
): { exclude: string[]; remarks: Remark[] } {
  const remarks: Remark[] = [];
  const say = (line: number, message: string): void => void remarks.push({ file, line, message });
  const fromFile = (key: string): { lines: string[]; line: number } => {
    const value = table.fields.get(key);
    if (value === undefined || value.kind === 'nil') return { lines: [], line: 0 };
    const text = value.kind === 'string' ? read(value.text) : null;
    if (text === null)
      say(
        value.line,
        `${key}: ${value.kind === 'string' ? value.text : 'the file'} cannot be read, its rules are missing`,
      );
    return { lines: text?.split('\n').map((row) => row.trimEnd()) ?? [], line: value.line };
  };

  const rules: Rule[] = [];
  const filterFile = fromFile('filterFrom');
  const filters = [
    ...texts(table.fields.get('filter'), 'filter', say),
    ...filterFile.lines.filter((row) => /^[-+]/.test(row)).map((text) => ({ text, line: filterFile.line })),
  ];
  for (const { text, line } of filters) {
    const [, sign, rule] = /^([-+])\s+(.+)$/.exec(text) ?? [];
    if (sign === undefined || rule === undefined)
      say(line, `filter ${text}: is not "+ RULE" or "- RULE"; it is left out`);
    else rules.push({ selects: sign === '+', text: rule, line });
  }
  const excludeFile = fromFile('excludeFrom');
  for (const { text, line } of texts(table.fields.get('exclude'), 'exclude', say))
    rules.push({ selects: false, text, line });
  for (const row of excludeFile.lines) {
    const rule = row.replace(/^- /, '').trim();
    if (rule !== '' && !/^[+#;]/.test(row))
      rules.push({ selects: false, text: rule, line: excludeFile.line });
  }

  const exclude: string[] = [];
  const turned = rules.some((rule) => rule.selects) ? rules.toReversed() : rules;
  for (const { selects, text, line } of turned) {
    const { pattern, problem } = translateRule(text);
    if (problem !== null) say(line, `${selects ? 'filter +' : 'exclude'} ${text}: ${problem}`);
    else if (selects && !text.endsWith('/'))
      say(
        line,
        `filter + ${text}: lsyncd selects what lies below as well, and rsync does not; taken as rsync does`,
      );
    if (pattern !== null) exclude.push(selects ? `!${pattern}` : pattern);
  }
  return { exclude: withoutIdle(exclude), remarks };
}

function texts(
  value: LuaValue | undefined,
  key: string,
  say: (line: number, message: string) => void,
): { text: string; line: number }[] {
  if (value === undefined || value.kind === 'nil') return [];
  if (value.kind === 'string') return [{ text: value.text, line: value.line }];
  if (value.kind !== 'table') {
    say(value.line, `${key}: only Lua knows what it is; its rules are missing`);
    return [];
  }
  return value.table.items.flatMap((item) => {
    if (item.kind === 'string') return [{ text: item.text, line: item.line }];
    say(item.line, `${key}: only Lua knows this rule; it is missing`);
    return [];
  });
}

/** Each pattern once, where it decides; and nothing taken back of which nothing was excluded. */
function withoutIdle(lines: readonly string[]): string[] {
  const last = lines.filter((line, at) => !lines.includes(line, at + 1));
  const first = last.findIndex((line) => !line.startsWith('!'));
  return first === -1 ? [] : last.slice(first);
}

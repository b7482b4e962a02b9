/** What a Lua config is made of, as far as it can be known without running it. */

export type LuaValue =
  | { readonly kind: 'string' | 'number'; readonly text: string; readonly line: number }
  | { readonly kind: 'boolean'; readonly value: boolean; readonly line: number }
  | { readonly kind: 'table'; readonly table: LuaTable; readonly line: number }
  | { readonly kind: 'function'; readonly source: string; readonly line: number }
  /** `default.rsync` and its like: something that lsyncd itself gives */
  | { readonly kind: 'given'; readonly name: string; readonly line: number }
  | { readonly kind: 'nil' | 'unknown'; readonly line: number };

export interface LuaTable {
  readonly items: readonly LuaValue[];
  /** by name, in order */
  readonly fields: ReadonlyMap<string, LuaValue>;
}

/** Variables. */
export type Scope = Map<string, LuaValue>;

/** `a = x` or `a.b = x`. */
export function assign(scope: Scope, [name, ...rest]: readonly string[], value: LuaValue): void {
  const [field] = rest;
  if (name === undefined) return;
  if (field === undefined) return void scope.set(name, value);
  const known = scope.get(name);
  if (known?.kind !== 'table' || rest.length > 1) return;
  const fields = new Map(known.table.fields).set(field, value);
  scope.set(name, { ...known, table: { ...known.table, fields } });
}

/** `value.name` */
export function member(value: LuaValue, name: string, line: number): LuaValue {
  if (value.kind === 'table') return value.table.fields.get(name) ?? { kind: 'nil', line };
  return value.kind === 'given'
    ? { kind: 'given', name: `${value.name}.${name}`, line }
    : { kind: 'unknown', line };
}

/** `a .. b` */
export function concatenated(a: LuaValue, b: LuaValue): LuaValue {
  const both = (a.kind === 'string' || a.kind === 'number') && (b.kind === 'string' || b.kind === 'number');
  return both ? { kind: 'string', text: a.text + b.text, line: a.line } : { kind: 'unknown', line: a.line };
}

/** What `pairs` (all) or `ipairs` goes through. */
export function entriesOf({ items, fields }: LuaTable, all: boolean): [LuaValue, LuaValue][] {
  const numbered = items.map((value, at): [LuaValue, LuaValue] => [
    { kind: 'number', text: String(at + 1), line: value.line },
    value,
  ]);
  const named = [...fields].map(([name, value]): [LuaValue, LuaValue] => [
    { kind: 'string', text: name, line: value.line },
    value,
  ]);
  return all ? [...numbered, ...named] : numbered;
}

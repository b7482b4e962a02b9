/** The `sync{…}` of an lsyncd config, each with what it takes from tables that it is built on. */
import type { LuaTable, LuaValue } from './lua-values.ts';
import type { LuaCall } from './lua.ts';

/** What a sync does with changes. */
export type SyncLayer =
  | { readonly kind: 'rsync' | 'rsyncssh' | 'direct' }
  /** an action of its own that runs csync2; `config` is NAME of `csync2 -C NAME`, null for none, undefined when only Lua knows */
  | { readonly kind: 'csync2'; readonly config: string | null | undefined }
  | { readonly kind: 'own' };

export interface Sync {
  readonly line: number;
  readonly layer: SyncLayer;
  /** `source`, without a slash at its end; null when only Lua knows it */
  readonly source: string | null;
  readonly table: LuaTable;
}

const LAYERS = {
  'default.rsync': 'rsync',
  'default.rsyncssh': 'rsyncssh',
  'default.direct': 'direct',
} as const;

export function readSync({ table: written, line }: LuaCall): Sync {
  const table = withInherited(written);
  const source = textOf(table.fields.get('source'));
  return {
    line,
    layer: layerOf(table),
    source: source === null ? null : source.replace(/(.)\/+$/, '$1'),
    table,
  };
}

/** A string's or number's text. */
export function textOf(value: LuaValue | undefined): string | null {
  return value?.kind === 'string' || value?.kind === 'number' ? value.text : null;
}

/** `sync{ config, source=… }`: the tables in front give what is not said, the `default.*` among them included. */
function withInherited({ items, fields }: LuaTable): LuaTable {
  const bases = items.map((item) =>
    item.kind === 'table'
      ? withInherited(item.table)
      : { items: [item], fields: new Map<string, LuaValue>() },
  );
  const inherited = bases.flatMap((base) => [...base.fields]);
  return { items: bases.flatMap((base) => base.items), fields: new Map([...inherited, ...fields]) };
}

function layerOf({ items, fields }: LuaTable): SyncLayer {
  const sources = [...fields.values()].flatMap((value) => (value.kind === 'function' ? [value.source] : []));
  const shell = [...fields].flatMap(([key, value]) => (/^on[A-Z]/.test(key) ? [textOf(value) ?? ''] : []));
  const csync2 = [...sources, ...shell].find((text) => /\bcsync2\b/.test(text));
  if (csync2 !== undefined) return { kind: 'csync2', config: configOf(csync2, fields) };
  for (const item of items) {
    const name = item.kind === 'given' ? item.name : '';
    if (name === 'default.rsync' || name === 'default.rsyncssh' || name === 'default.direct')
      return { kind: LAYERS[name] };
  }
  return { kind: 'own' };
}

/** What stands behind `-C`: a constant, or a field of the sync itself (`config.syncid`). */
function configOf(source: string, fields: ReadonlyMap<string, LuaValue>): string | null | undefined {
  const [found, constant, field, word] =
    /-C\s*["']?\s*(?:,\s*|\.\.\s*)?(?:["']([A-Za-z0-9]+)["']|(?:\w+\.)+(\w+)|([a-z0-9]+)\b)/.exec(source) ??
    [];
  if (found === undefined) return /["'\s]-C\b/.test(source) ? undefined : null;
  if (field !== undefined) return textOf(fields.get(field)) ?? undefined;
  return constant ?? word;
}

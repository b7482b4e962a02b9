/** This node's table against a peer's, for a mapping: what `verify` shows, and what a first meeting starts from. */
import type { Local } from './local.ts';
import type { PeerSession } from './peer-session.ts';
import { decode, encode } from './encoding.ts';
import { keyAfter, keysBelow } from './table.ts';

/** A name whose records differ; null = the host has none of it. Texts as csync2 writes them, decoded once. */
export interface Divergence {
  readonly name: string;
  readonly ours: string | null;
  readonly theirs: string | null;
}

export interface TableComparison {
  readonly divergences: readonly Divergence[];
  /** whether the peer has recorded the root: otherwise it does not serve the mapping yet */
  readonly isServed: boolean;
}

const PAGE = 2_000;

/** @param limit divergences that are kept */
export async function compareTables(
  local: Local,
  session: PeerSession,
  rootName: string,
  limit = Infinity,
): Promise<TableComparison> {
  const theirs = new Map<string, string>();
  const below = `${rootName}/`;
  await session.list(local.settings.key, null, (name, text) => {
    if (name === rootName || name.startsWith(below)) theirs.set(name, text);
  });
  const isServed = theirs.has(rootName);
  const divergences: Divergence[] = [];
  for await (const [name, ours] of recorded(local, rootName)) {
    const other = theirs.get(name) ?? null;
    theirs.delete(name);
    if (other !== ours && divergences.length < limit) divergences.push({ name, ours, theirs: other });
  }
  for (const [name, text] of theirs) {
    if (divergences.length >= limit) break;
    divergences.push({ name, ours: null, theirs: text });
  }
  return { divergences, isServed };
}

async function* recorded(local: Local, rootName: string): AsyncGenerator<readonly [string, string]> {
  const root = await local.table.texts([rootName]);
  for (const [name, text] of root) yield [name, decode(text)];
  let { from, before } = keysBelow(rootName);
  for (;;) {
    const rows = await local.table.page({ from, before }, PAGE);
    for (const { key, text } of rows) yield [decode(key), decode(text)];
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    from = keyAfter(last.key);
  }
}

/** What this node has recorded of some of them, as its table has it; null = nothing. */
export function recordedOf(
  divergences: readonly Divergence[],
  names: readonly string[],
): ReadonlyMap<string, string | null> {
  const wanted = new Set(names);
  return new Map(
    divergences.flatMap(({ name, ours }) =>
      wanted.has(name) ? [[name, ours === null ? null : encode(ours)] as const] : [],
    ),
  );
}

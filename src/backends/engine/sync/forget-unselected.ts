/**
 * A mapping whose include or exclude rules changed: what they no longer select is forgotten, without a tombstone, so that
 * nobody deletes it and a node that joins later is not told of it. What they select from now on a scan finds, on every node
 * that has it, as on a first start (replication.md 10). All nodes do so: they exchange nothing before their rules are equal.
 */
import { compileSelection, type SelectionRules } from '../../../util/selection.ts';
import { isLive } from '../core/value.ts';
import type { StoredRow } from '../store/store.ts';
import { pagesOf } from './every-row.ts';
import type { Shared } from './shared.ts';

/** Only while nothing else works on the rows. A stop in the middle does no harm: it is begun anew. */
export async function forgetUnselected(shared: Shared, rules: SelectionRules): Promise<void> {
  const { store, rows, table } = shared;
  const key = `selection/${rows.group}/${rows.name}`;
  const text = JSON.stringify([rules.exclude, rules.include]);
  if (store.get(key) === text) return;
  const selection = compileSelection(rules);
  for (const page of pagesOf((after, limit) => rows.page(after, limit))) {
    const unselected = page.filter((row) => !selection.selects(row.path, isDir(row)));
    if (unselected.length > 0) {
      shared.transact(() => {
        for (const { path } of unselected) table.forget(path);
      });
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  store.set(key, text);
}

function isDir({ row, applied, liveChildren }: StoredRow): boolean {
  if (liveChildren > 0 || applied?.value.kind === 'dir') return true;
  return row.siblings.some(({ value }) => (isLive(value) ? value.kind === 'dir' : 'dir' in value));
}

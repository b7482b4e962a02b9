/** Takes up what a peer's table says. */
import type { Actor, Row } from '../core/types.ts';
import { includes, nodeOf } from '../core/vector.ts';
import type { RowUpdate } from '../wire/messages.ts';
import type { Shared } from './shared.ts';

/** Joins rows into the table; returns those that were news. */
export function joinRows(shared: Shared, updates: readonly RowUpdate[]): RowUpdate[] {
  const { table, rules } = shared;
  const news: RowUpdate[] = [];
  shared.transact(() => {
    for (const update of updates) {
      checkRollback(shared, update.row.context);
      const stored = table.get(update.path);
      const joined = rules.join(stored.row, update.row);
      if (joined === stored.row) continue;
      table.setRow(stored, joined, { movedFrom: movedFrom(update, joined) });
      news.push(update);
    }
  });
  return news;
}

/** A peer that knows of a dot of ours that we never gave out has met a later state of this store. */
export function checkRollback(shared: Shared, vector: ReadonlyMap<string, number>): void {
  const { settings, dots } = shared;
  for (const [actor, counter] of vector) {
    if (nodeOf(actor as Actor) === settings.node && dots.isUnknown(actor, counter)) shared.rolledBack();
  }
}

/** Where the content came from is told on only while the version is the one that was found there. */
function movedFrom({ row, movedFrom: from }: RowUpdate, joined: Row): RowUpdate['movedFrom'] {
  const isThatVersion =
    joined.siblings.length === row.siblings.length && includes(row.context, joined.context);
  return isThatVersion ? from : null;
}

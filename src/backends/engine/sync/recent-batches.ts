/** Batches of rows sent lately: peers that are told the same in the same moment share one message, which is encoded once. */
import type { Message, RowUpdate } from '../wire/messages.ts';

type Rows = Extract<Message, { kind: 'rows' }>;

/** Peers take turns, a batch each. */
const KEPT = 2;

export class RecentBatches {
  #recent: Rows[] = [];

  /** The batch, or the very message that told the same before. */
  share(batch: Rows): Rows {
    const before = this.#recent.find((one) => isSame(one, batch));
    if (before !== undefined) return before;
    this.#recent = [batch, ...this.#recent].slice(0, KEPT);
    return batch;
  }

  /** Their contents are not kept longer than there is something to tell. */
  clear(): void {
    if (this.#recent.length > 0) this.#recent = [];
  }
}

function isSame(a: Rows, b: Rows): boolean {
  return (
    a.prev === b.prev &&
    a.last === b.last &&
    a.rows.length === b.rows.length &&
    a.rows.every((update, n) => isSameUpdate(update, b.rows[n]))
  );
}

/** A sequence stands for one state of one row. */
function isSameUpdate(a: RowUpdate, b: RowUpdate | undefined): boolean {
  return a.seq === b?.seq && a.content === b.content;
}

/** What we hold of one peer's table of one mapping, and which of its marks we owe an acknowledgement. */
import type { Seq } from '../store/store.ts';

/** Marks remembered while their rows are being applied; between the first and the last ones may be dropped. */
const MOST_MARKS = 64;

export class Incoming {
  readonly tableId: string;
  /** the last sequence we were given on this link; the next message must follow it */
  received: Seq;
  #marks: { theirSeq: Seq; ourSeq: Seq }[] = [];
  #acked: Seq = -1;

  constructor(tableId: string, haveSeq: Seq) {
    this.tableId = tableId;
    this.received = haveSeq;
  }

  /** Whether a message of rows follows what we hold; a gap means a lost message. */
  follows(prev: Seq): boolean {
    return prev <= this.received;
  }

  /** With `seq` of theirs we hold their table; it is on our disk once our rows up to `ourSeq` are. */
  mark(seq: Seq, ourSeq: Seq): void {
    this.#marks.push({ theirSeq: seq, ourSeq });
    if (this.#marks.length > MOST_MARKS) this.#marks.splice(1, 1);
  }

  /** The sequence of theirs to acknowledge now that nothing up to `settledSeq` of ours is pending; null for none. */
  acknowledge(settledSeq: Seq): Seq | null {
    let reached: Seq | null = null;
    while (this.#marks[0] !== undefined && this.#marks[0].ourSeq <= settledSeq)
      reached = this.#marks.shift()?.theirSeq ?? null;
    if (reached === null || reached <= this.#acked) return null;
    this.#acked = reached;
    return reached;
  }

  /** The acknowledged sequence is to be said again (with other failures). */
  repeat(): Seq | null {
    return this.#acked >= 0 ? this.#acked : null;
  }
}

/**
 * What one peer is still to be told of one mapping. Nothing is queued: a position in the table's sequence, and the rows
 * that were passed over for a moment because another node is about to tell them itself.
 */
import type { NodeId, RelPath, Vector } from '../core/types.ts';
import { includes, merge, nodeOf } from '../core/vector.ts';
import type { Seq, StoredRow } from '../store/store.ts';
import type { Knowledge, Message, RowUpdate } from '../wire/messages.ts';
import type { Contents } from './contents.ts';
import type { Table } from './table.ts';

/** Rows in a message, and bytes of inline content, at most. */
const ROWS = 512;
const BYTES = 1024 * 1024;
/** A row that its author should be telling the peer is relayed after this many ms, times our rank among the relays. */
const RELAY_STEP = 150;
const RELAY_AUTHOR_LINKED = 2000;
/** Rows that wait for their author at the most; beyond it they are sent. */
const MOST_DEFERRED = 4096;

type Rows = Extract<Message, { kind: 'rows' }>;

export interface OutgoingContext {
  readonly table: Table;
  readonly contents: Contents;
  readonly self: NodeId;
  readonly about: { readonly group: string; readonly mapping: string };
  now(): number;
  /** rows up to this sequence are old news: their authors had their chance */
  recentAfter(): Seq;
}

export class Outgoing {
  readonly peer: NodeId;
  /** what the peer holds; only grows, by `learn` */
  #knowledge: Knowledge;
  /** nodes that the peer takes part with */
  linked: readonly NodeId[];
  /** the peer acknowledged our table up to here */
  acked: Seq;
  failed: readonly { path: RelPath; code: string; message: string }[] = [];
  failedCount = 0;
  /** rows up to here were told, are held by the peer, or are deferred */
  #position: Seq;
  /** the last sequence that we named to the peer: what the next message follows */
  #told: Seq;
  #marked: Seq = -1;
  readonly #deferred = new Map<RelPath, { readonly context: Vector; readonly due: number }>();
  /** when the first of them falls due */
  #earliest = Infinity;

  constructor(peer: NodeId, position: Seq, acked: Seq, knowledge: Knowledge, linked: readonly NodeId[]) {
    this.peer = peer;
    this.#position = position;
    this.#told = position;
    this.acked = acked;
    this.#knowledge = knowledge;
    this.linked = linked;
  }

  /** The peer holds this too: what it covers needs no telling. */
  learn(knowledge: Knowledge): void {
    const merged = merge(this.#knowledge, knowledge);
    if (merged === this.#knowledge) return;
    this.#knowledge = merged;
    for (const [path, { context }] of this.#deferred)
      if (includes(merged, context)) this.#deferred.delete(path);
  }

  /** The next message of rows, or null when there is nothing to tell now. */
  nextRows(context: OutgoingContext): Rows | null {
    const late = this.#overdue(context);
    if (late.length > 0)
      return { kind: 'rows', ...context.about, prev: this.#told, last: this.#told, rows: late };
    for (;;) {
      const chunk = context.table.rows.since(this.#position, ROWS);
      if (chunk.length === 0) return null;
      const { rows, last } = this.#select(chunk, context);
      this.#position = last;
      if (rows.length === 0) continue;
      const prev = this.#told;
      this.#told = last;
      return { kind: 'rows', ...context.about, prev, last, rows };
    }
  }

  /** The sequence up to which the peer now holds our table, when that is news; null otherwise. */
  nextMark(lastSeq: Seq): Seq | null {
    if (this.#deferred.size > 0 || this.#position < lastSeq || this.#marked >= this.#position) return null;
    this.#marked = this.#position;
    this.#told = this.#position;
    return this.#position;
  }

  /** When a deferred row falls due, ms; null when there is none. */
  nextDue(): number | null {
    return this.#deferred.size === 0 ? null : this.#earliest;
  }

  /** Tells the whole table again: what the peer is believed to know does not count. */
  startOver(): void {
    this.#position = 0;
    this.#told = 0;
    this.#marked = -1;
    this.#deferred.clear();
    this.#knowledge = new Map();
  }

  #select(chunk: readonly StoredRow[], context: OutgoingContext): { rows: RowUpdate[]; last: Seq } {
    const rows: RowUpdate[] = [];
    const recentAfter = context.recentAfter();
    let bytes = 0;
    let last = this.#position;
    for (const stored of chunk) {
      const delay = this.#delay(stored, context.self, stored.seq > recentAfter);
      if (delay === 0) {
        const update = toUpdate(stored, context.contents);
        bytes += update.content?.length ?? 0;
        if (bytes > BYTES && rows.length > 0) break;
        rows.push(update);
      } else if (delay !== null) {
        const due = context.now() + delay;
        this.#deferred.set(stored.path, { context: stored.row.context, due });
        this.#earliest = Math.min(this.#earliest, due);
      }
      last = stored.seq;
    }
    return { rows, last };
  }

  /** null: the peer holds this already. 0: tell it now. Else ms to wait for the author to tell it. */
  #delay(stored: StoredRow, self: NodeId, recent: boolean): number | null {
    if (includes(this.#knowledge, stored.row.context)) return null;
    if (!recent || this.#deferred.size >= MOST_DEFERRED) return 0;
    let delay = 0;
    for (const [actor, counter] of stored.row.context) {
      if ((this.#knowledge.get(actor) ?? 0) >= counter) continue;
      const author = nodeOf(actor);
      if (author === self) return 0;
      delay = Math.max(
        delay,
        this.linked.includes(author) ? RELAY_AUTHOR_LINKED : this.#rank(self, author) * RELAY_STEP,
      );
    }
    return delay;
  }

  /** Which of those that could relay to this peer we are: 0 is the first. */
  #rank(self: NodeId, author: NodeId): number {
    return this.linked.filter((node) => node !== author && node < self).length;
  }

  #overdue(context: OutgoingContext): RowUpdate[] {
    const rows: RowUpdate[] = [];
    const now = context.now();
    if (this.#earliest > now) return rows;
    let bytes = 0;
    this.#earliest = Infinity;
    for (const [path, { due }] of this.#deferred) {
      if (due > now || rows.length >= ROWS || bytes > BYTES) {
        this.#earliest = Math.min(this.#earliest, due);
        continue;
      }
      this.#deferred.delete(path);
      const stored = context.table.rows.get(path);
      // A row that changed since is told by its new sequence, if the position has not passed it.
      if (stored === null || stored.seq > this.#position || includes(this.#knowledge, stored.row.context))
        continue;
      const update = toUpdate(stored, context.contents);
      rows.push(update);
      bytes += update.content?.length ?? 0;
    }
    return rows;
  }
}

/** Content rides along when this disk shows the version and the content is at hand; otherwise the peer asks for it. */
function toUpdate(stored: StoredRow, contents: Contents): RowUpdate {
  const value = stored.applied?.value;
  const isShown = value?.kind === 'file' && stored.movedFrom === null;
  const content = isShown ? contents.get(value.sha256) : null;
  return { path: stored.path, seq: stored.seq, row: stored.row, movedFrom: stored.movedFrom, content };
}

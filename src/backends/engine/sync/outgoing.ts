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
/** A row whose author cannot reach the peer is relayed after this many ms, times our rank among the relays. */
const RELAY_STEP = 150;
/** One that its author is telling the peer, or that is the peer's own, when by then he still seems not to have it. */
const RELAY_AUTHOR_LINKED = 2000;
const RELAY_TO_AUTHOR = 60_000;
/** Rows that wait for their author at the most; beyond it they are sent. */
const MOST_DEFERRED = 20_000;
/** ms between marks while rows wait for their author. */
const PARTIAL_MARKS = 200;

type Rows = Extract<Message, { kind: 'rows' }>;

interface Deferred {
  readonly seq: Seq;
  readonly context: Vector;
  readonly due: number;
}

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
  /** whether the link took another message of rows when it was asked last */
  hasRoom = true;
  /** rows up to here were told, are held by the peer, or are deferred */
  #position: Seq;
  /** the last sequence that we named to the peer: what the next message follows */
  #told: Seq;
  #marked: Seq = -1;
  #partialMarkDue = 0;
  /** nothing was told yet: the first message says from where, so that a peer that found a gap knows what follows it */
  #isFresh = true;
  /** rows up to here are told whatever the peer is believed to hold */
  #everythingUpTo: Seq = 0;
  readonly #deferred = new Map<RelPath, Deferred>();
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

  /** The next message of rows; `more` when a piece of the table held none to tell; null when there is nothing to tell now. */
  nextRows(context: OutgoingContext): Rows | 'more' | null {
    const late = this.#overdue(context);
    if (late.length > 0) return this.#rows(context, late, this.#told);
    const chunk = context.table.rows.since(this.#position, ROWS);
    if (chunk.length === 0) return this.#isFresh ? this.#rows(context, [], this.#position) : null;
    const { rows, last } = this.#select(chunk, context);
    this.#position = last;
    return rows.length === 0 ? 'more' : this.#rows(context, rows, last);
  }

  #rows({ about }: OutgoingContext, rows: readonly RowUpdate[], last: Seq): Rows {
    const prev = this.#told;
    this.#told = last;
    this.#isFresh = false;
    return { kind: 'rows', ...about, prev, last, rows };
  }

  /**
   * The sequence up to which the peer now holds our table, when that is news; null otherwise. `isWhole`: and with it all
   * that we know. While rows wait for their author it is told what lies before them, or a writer elsewhere that never rests
   * would keep our own changes from being acknowledged (I17).
   */
  nextMark(lastSeq: Seq, now: number): { readonly seq: Seq; readonly isWhole: boolean } | null {
    if (this.#position < lastSeq) return null;
    const isWhole = this.#deferred.size === 0;
    if (!isWhole && now < this.#partialMarkDue) return null;
    const seq = isWhole ? this.#position : this.#firstDeferred() - 1;
    if (seq <= this.#marked) return null;
    this.#marked = seq;
    if (isWhole) this.#told = seq;
    else this.#partialMarkDue = now + PARTIAL_MARKS;
    return { seq, isWhole };
  }

  #firstDeferred(): Seq {
    let first = Infinity;
    for (const { seq } of this.#deferred.values()) first = Math.min(first, seq);
    return first;
  }

  /** When a deferred row falls due, ms; null when there is none. */
  nextDue(): number | null {
    return this.#deferred.size === 0 ? null : this.#earliest;
  }

  /** Tells the whole table, up to its last sequence, whatever the peer says that it holds. */
  startOver(lastSeq: Seq): void {
    this.#position = 0;
    this.#told = 0;
    this.#marked = -1;
    this.#isFresh = true;
    this.#everythingUpTo = lastSeq;
    this.#deferred.clear();
  }

  #select(chunk: readonly StoredRow[], context: OutgoingContext): { rows: RowUpdate[]; last: Seq } {
    const rows: RowUpdate[] = [];
    const recentAfter = context.recentAfter();
    let bytes = 0;
    let last = this.#position;
    for (const stored of chunk) {
      const delay = this.#delay(stored, context.self, stored.seq > recentAfter);
      if (delay === 0) {
        const update = toUpdate(stored, context);
        bytes += update.content?.length ?? 0;
        if (bytes > BYTES && rows.length > 0) break;
        rows.push(update);
      } else if (delay !== null) {
        const due = context.now() + delay;
        this.#deferred.set(stored.path, { seq: stored.seq, context: stored.row.context, due });
        this.#earliest = Math.min(this.#earliest, due);
      }
      last = stored.seq;
    }
    return { rows, last };
  }

  /** null: the peer holds this already. 0: tell it now. Else ms to wait for the author to tell it. */
  #delay(stored: StoredRow, self: NodeId, recent: boolean): number | null {
    if (stored.seq <= this.#everythingUpTo) return 0;
    if (includes(this.#knowledge, stored.row.context)) return null;
    if (!recent || this.#deferred.size >= MOST_DEFERRED) return 0;
    let delay = 0;
    for (const [actor, counter] of stored.row.context) {
      if ((this.#knowledge.get(actor) ?? 0) >= counter) continue;
      const author = nodeOf(actor);
      if (author === self) return 0;
      delay = Math.max(
        delay,
        author === this.peer
          ? RELAY_TO_AUTHOR
          : this.linked.includes(author)
            ? RELAY_AUTHOR_LINKED
            : this.#rank(self, author) * RELAY_STEP,
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
      const update = toUpdate(stored, context);
      rows.push(update);
      bytes += update.content?.length ?? 0;
    }
    return rows;
  }
}

/**
 * Content rides along with this node's own versions, when its disk shows them and the content is at hand. Otherwise the
 * peer asks for it: of a relayed version it may have it already.
 */
function toUpdate(stored: StoredRow, { contents, self }: OutgoingContext): RowUpdate {
  const { applied, movedFrom } = stored;
  const isOwn = applied?.dots.some((dot) => nodeOf(dot.actor) === self) === true;
  const content =
    isOwn && applied.value.kind === 'file' && movedFrom === null ? contents.get(applied.value.sha256) : null;
  return { path: stored.path, seq: stored.seq, row: stored.row, movedFrom, content };
}

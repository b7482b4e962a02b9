/** A mapping's rows in SQLite. Paging is by key, so that nothing is held open between two pages. */
import type { RelPath } from '../core/types.ts';
import { below, fromKey, pastChild, toKey } from './key.ts';
import { SqliteBookkeeping } from './sqlite-bookkeeping.ts';
import type { BookHome } from './sqlite-bookkeeping.ts';
import type { Columns, Statement } from './statement.ts';
import type { Blocked, MappingStore, Seq, StoredRow, Totals } from './store.ts';
import { isConflict } from '../core/policy.ts';
import { HeldRows } from './held-rows.ts';
import { exchange, isTroubled, NO_TOTALS, totalsOf } from './totals.ts';

const PAGE = 500;
/** Never a row: the root itself is not carried. */
const ROOT = '' as RelPath;

export function rowStatements(prepare: (sql: string) => Statement) {
  const row = 'SELECT path, seq, live_children, pending, state, blocked, moved_from FROM rows';
  return {
    get: prepare(`${row} WHERE mapping = ? AND path = ?`),
    put: prepare('INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    // Half the work of a replacement: the index by sequence is left alone.
    update: prepare(
      `UPDATE rows SET live_children = ?, pending = ?, troubled = ?, conflict = ?, bytes = ?, state = ?, blocked = ?,
       moved_from = ? WHERE mapping = ? AND path = ?`,
    ),
    delete: prepare('DELETE FROM rows WHERE mapping = ? AND path = ?'),
    range: prepare(`${row} WHERE mapping = ? AND path > ? AND path < ? ORDER BY path`),
    rangePage: prepare(`${row} WHERE mapping = ? AND path > ? AND path < ? ORDER BY path LIMIT ?`),
    first: prepare(`${row} WHERE mapping = ? ORDER BY path LIMIT ?`),
    after: prepare(`${row} WHERE mapping = ? AND path > ? ORDER BY path LIMIT ?`),
    // These find paths by an index alone: the rows themselves are at hand more often than not.
    since: prepare(
      'SELECT path FROM rows INDEXED BY rows_by_seq WHERE mapping = ? AND seq > ? ORDER BY seq, path LIMIT ?',
    ),
    pending: prepare(
      `SELECT path FROM rows INDEXED BY rows_pending
       WHERE mapping = ? AND pending = 1 AND blocked IS NULL AND seq > ? ORDER BY seq, path LIMIT ?`,
    ),
    troubled: prepare(
      `SELECT path FROM rows INDEXED BY rows_troubled WHERE mapping = ? AND troubled = 1 AND path > ? ORDER BY path LIMIT ?`,
    ),
    blocked: prepare(
      `SELECT path FROM rows INDEXED BY rows_blocked WHERE mapping = ? AND blocked IS NOT NULL AND path > ? ORDER BY path LIMIT ?`,
    ),
  };
}

/** What a mapping needs of its store. */
export interface MappingHome extends BookHome {
  readonly rows: ReturnType<typeof rowStatements>;
}

/** What changes with the rows and is written once a transaction. */
export interface Counters {
  readonly lastSeq: Seq;
  readonly totals: Totals;
}

export class SqliteMapping extends SqliteBookkeeping implements MappingStore {
  readonly group: string;
  readonly name: string;
  /** Replaced, never changed: a transaction that fails puts the former one back. */
  counters: Counters;
  readonly #home: MappingHome;
  readonly #held = new HeldRows((path, row, before) => this.#store(path as RelPath, row, before));

  constructor(home: MappingHome, id: number, group: string, name: string, counters: Counters) {
    super(home, id);
    this.#home = home;
    this.group = group;
    this.name = name;
    this.counters = counters;
  }

  get(path: RelPath): StoredRow | null {
    const held = this.#held.get(path);
    if (held !== undefined) return held;
    const row = this.#read(path);
    this.#held.read(path, row);
    return row;
  }

  put(row: StoredRow): void {
    this.#change(row.path, row);
  }

  delete(path: RelPath): void {
    this.#change(path, null);
  }

  /** What was changed goes to the database: at the end of a transaction, and before anything that looks at many rows. */
  flush(): void {
    this.#held.flush();
  }

  /** The transaction is over. */
  committed(): void {
    this.#held.trim();
  }

  /** What is at hand was undone, or is not worth its memory any more. */
  dropHeld(): void {
    this.#held.drop();
  }

  children(dir: RelPath): StoredRow[] {
    this.flush();
    const { from, to } = below(dir);
    const found: StoredRow[] = [];
    eachChild(this.#home.rows.range, this.id, from, to, (columns) => found.push(this.#rowOf(columns)));
    return found;
  }

  *subtree(dir: RelPath): Iterable<StoredRow> {
    this.flush();
    const self = dir === '' ? null : this.get(dir);
    if (self !== null) yield self;
    const { from, to } = below(dir);
    for (let after = from; ;) {
      const page = this.#home.rows.rangePage.all(this.id, after, to, PAGE);
      for (const columns of page) yield this.#rowOf(columns);
      if (page.length < PAGE) return;
      after = page.at(-1)?.[0] as string;
    }
  }

  since(after: Seq, limit: number): StoredRow[] {
    this.flush();
    return this.#rowsAt(this.#home.rows.since.all(this.id, after, limit));
  }

  pending(after: Seq, limit: number): StoredRow[] {
    this.flush();
    return this.#rowsAt(this.#home.rows.pending.all(this.id, after, limit));
  }

  troubled(after: RelPath | null, limit: number): StoredRow[] {
    this.flush();
    return this.#rowsAt(this.#home.rows.troubled.all(this.id, toKey(after ?? ROOT), limit));
  }

  blocked(after: RelPath | null, limit: number): StoredRow[] {
    this.flush();
    return this.#rowsAt(this.#home.rows.blocked.all(this.id, toKey(after ?? ROOT), limit));
  }

  page(after: RelPath | null, limit: number): StoredRow[] {
    this.flush();
    const { first, after: next } = this.#home.rows;
    return this.#rowsOf(after === null ? first.all(this.id, limit) : next.all(this.id, toKey(after), limit));
  }

  totals(): Totals {
    return this.counters.totals;
  }

  lastSeq(): Seq {
    return this.counters.lastSeq;
  }

  nextSeq(): Seq {
    const lastSeq = this.counters.lastSeq + 1;
    this.#home.write(() => {
      this.counters = { ...this.counters, lastSeq };
    });
    return lastSeq;
  }

  #change(path: RelPath, row: StoredRow | null): void {
    this.#home.write(() => {
      const before = this.get(path);
      const share = (stored: StoredRow | null): Totals => (stored === null ? NO_TOTALS : totalsOf(stored));
      this.counters = { ...this.counters, totals: exchange(this.counters.totals, share(before), share(row)) };
      this.#held.changed(path, row, before);
    });
  }

  #store(path: RelPath, row: StoredRow | null, before: StoredRow | null): void {
    const { rows, codec } = this.#home;
    const key = toKey(path);
    if (row === null) {
      rows.delete.run(this.id, key);
      return;
    }
    const { applied, blocked } = row;
    const state = [
      row.liveChildren,
      row.pending ? 1 : 0,
      isTroubled(row) ? 1 : 0,
      isConflict(row.row) ? 1 : 0,
      applied?.value.kind === 'file' ? applied.value.size : null,
      codec.encodeState(row.row, applied),
      blocked === null ? null : JSON.stringify(blocked),
      row.movedFrom,
    ];
    if (before?.seq === row.seq) rows.update.run(...state, this.id, key);
    else rows.put.run(this.id, key, row.seq, ...state);
  }

  #read(path: RelPath): StoredRow | null {
    const columns = this.#home.rows.get.get(this.id, toKey(path));
    return columns === undefined ? null : this.#rowOf(columns);
  }

  /** Rows that are not at hand are not held: a walk over the table would drive out what is worked on. */
  #rowsAt(keys: readonly Columns[]): StoredRow[] {
    return keys.flatMap(([key]) => {
      const path = fromKey(key as string);
      return this.#held.get(path) ?? this.#read(path) ?? [];
    });
  }

  #rowsOf(all: readonly Columns[]): StoredRow[] {
    return all.map((columns) => this.#rowOf(columns));
  }

  #rowOf(columns: Columns): StoredRow {
    const [key, seq, liveChildren, pending, state, blocked, movedFrom] = columns as [
      string,
      number,
      number,
      number,
      Uint8Array,
      string | null,
      RelPath | null,
    ];
    const { row, applied } = this.#home.codec.decodeState(state);
    return {
      path: fromKey(key),
      row,
      seq,
      applied,
      pending: pending === 1,
      blocked: blocked === null ? null : (JSON.parse(blocked) as Blocked),
      liveChildren,
      movedFrom,
    };
  }
}

/**
 * Hands over a directory's children in order. `range` selects the rows of a mapping between two keys, the key first. What
 * lies below a child is leapt over: one more look-up for each child that has any.
 */
export function eachChild(
  range: Statement,
  mapping: number,
  from: string,
  to: string,
  take: (columns: Columns) => void,
): void {
  let after: string | null = from;
  while (after !== null) {
    const start: string = after;
    after = null;
    range.each(
      (columns) => {
        after = pastChild(from, columns[0] as string);
        if (after === null) take(columns);
        return after === null;
      },
      mapping,
      start,
      to,
    );
  }
}

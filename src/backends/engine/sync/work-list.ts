/**
 * Which rows are to be planned next: pending ones in the order of their sequences, and those that became due behind the
 * cursor. Nothing of it is stored: it is found again from the rows.
 */
import type { RelPath } from '../core/types.ts';
import type { MappingStore, StoredRow } from '../store/store.ts';

const PAGE = 256;
/** Rows looked at beyond those whose content there is no room to fetch now: what needs none is not kept waiting (I16). */
const LOOK_AHEAD = 4096;
/** Rows with local facts only, which no sequence leads to, that are looked for after a start. */
const LOCAL_ROWS = 1000;

export class WorkList {
  readonly #rows: MappingStore;
  #cursor = 0;
  /** rows to plan whose sequence the cursor has passed */
  readonly #due = new Set<RelPath>();
  /** rows that wait for room to fetch */
  readonly #unfetched = new Set<RelPath>();

  constructor(rows: MappingStore) {
    this.#rows = rows;
  }

  /** Due rows, without those that the cursor has yet to come to. */
  get size(): number {
    return this.#due.size;
  }

  /** All that is pending, from the first. */
  startOver(): void {
    this.#cursor = 0;
    for (const { path, seq } of this.#rows.pending(-1, LOCAL_ROWS)) if (seq === 0) this.#due.add(path);
  }

  add(path: RelPath): void {
    this.#due.add(path);
  }

  /** A row became pending: the cursor comes to it, or has passed it. */
  pending({ path, seq }: StoredRow): void {
    if (seq <= this.#cursor) this.#due.add(path);
  }

  /** There is no room to fetch its content now. */
  waitForRoom(path: RelPath): void {
    this.#unfetched.add(path);
  }

  /** Each row is off the list when it is handed out. `room`: of those that wait for it, so many are due. */
  *take(room: number): Generator<StoredRow> {
    for (const path of this.#unfetched.values().take(room)) {
      this.#unfetched.delete(path);
      this.#due.add(path);
    }
    for (const path of this.#due) {
      this.#due.delete(path);
      const row = this.#rows.get(path);
      if (row !== null) yield row;
    }
    while (this.#unfetched.size < LOOK_AHEAD) {
      const page = this.#rows.pending(this.#cursor, PAGE);
      if (page.length === 0) return;
      for (const row of page) {
        this.#cursor = row.seq;
        yield row;
      }
    }
  }
}

/**
 * Rows at hand: those read or written lately, so that a row which is joined, planned, applied and told in one go is decoded
 * at most once, and one that a transaction changes many times (a directory, once for each child) is written once. There
 * is one writer, so what is held stays true between transactions. Whatever looks for rows in the database must `flush` first.
 */
import type { StoredRow } from './store.ts';

/** Rows held between transactions, of each mapping. */
const MOST = 8192;
/** Rows held when there were too many: dropping them one by one would walk over what was dropped before. */
const KEPT = 6144;

type Held = StoredRow | null;

export class HeldRows {
  readonly #rows = new Map<string, Held>();
  /** changed and not yet in the database: what the database has instead */
  readonly #dirty = new Map<string, Held>();
  readonly #write: (path: string, row: Held, before: Held) => void;

  constructor(write: (path: string, row: Held, before: Held) => void) {
    this.#write = write;
  }

  /** undefined: not held. null: held, and there is no such row. */
  get(path: string): Held | undefined {
    return this.#rows.get(path);
  }

  read(path: string, row: Held): void {
    this.#rows.set(path, row);
  }

  changed(path: string, row: Held, before: Held): void {
    this.#rows.set(path, row);
    if (!this.#dirty.has(path)) this.#dirty.set(path, before);
  }

  flush(): void {
    if (this.#dirty.size === 0) return;
    for (const [path, before] of this.#dirty) this.#write(path, this.#rows.get(path) ?? null, before);
    this.#dirty.clear();
  }

  /** Outside of a transaction: forgets the oldest when there are too many. */
  trim(): void {
    if (this.#rows.size <= MOST) return;
    for (const path of this.#rows.keys()) {
      if (this.#rows.size <= KEPT) return;
      this.#rows.delete(path);
    }
  }

  /** Holds nothing any more, changes of a transaction that was undone included. */
  drop(): void {
    this.#rows.clear();
    this.#dirty.clear();
  }
}

/**
 * The rows that a transaction has read or written, so that a row which is changed many times in it (a directory, once for
 * each child) is read and written once. Whatever looks at rows in another way must `flush` first.
 */
import type { StoredRow } from './store.ts';

interface Held {
  row: StoredRow | null;
  isDirty: boolean;
}

export class HeldRows {
  readonly #rows = new Map<string, Held>();
  readonly #write: (path: string, row: StoredRow | null) => void;

  constructor(write: (path: string, row: StoredRow | null) => void) {
    this.#write = write;
  }

  /** undefined: not held. null: held, and there is no such row. */
  get(path: string): StoredRow | null | undefined {
    return this.#rows.get(path)?.row;
  }

  read(path: string, row: StoredRow | null): void {
    this.#rows.set(path, { row, isDirty: false });
  }

  changed(path: string, row: StoredRow | null): void {
    this.#rows.set(path, { row, isDirty: true });
  }

  flush(): void {
    for (const [path, held] of this.#rows) {
      if (!held.isDirty) continue;
      held.isDirty = false;
      this.#write(path, held.row);
    }
  }

  drop(): void {
    this.#rows.clear();
  }
}

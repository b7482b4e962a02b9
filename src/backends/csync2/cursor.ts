import { keyAfter, type FileRow, type KeyRange, type Table } from './table.ts';

const PAGE = 1000;

/** The rows of a range of keys, one after the other. */
export class Cursor {
  readonly #table: Table;
  #rest: KeyRange;
  #rows: FileRow[] = [];
  #at = 0;
  #isLast = false;

  constructor(table: Table, range: KeyRange) {
    this.#table = table;
    this.#rest = range;
  }

  /** The row that is next; null at the end. */
  async peek(): Promise<FileRow | null> {
    if (this.#at >= this.#rows.length && !this.#isLast) {
      this.#rows = await this.#table.page(this.#rest, PAGE);
      this.#at = 0;
      this.#isLast = this.#rows.length < PAGE;
      const last = this.#rows.at(-1);
      if (last !== undefined) this.#rest = { ...this.#rest, from: keyAfter(last.key) };
    }
    return this.#rows[this.#at] ?? null;
  }

  next(): void {
    this.#at++;
  }

  /** Leaves out the rows before a key. */
  skipTo(key: string): void {
    while (this.#at < this.#rows.length && (this.#rows[this.#at]?.key ?? key) < key) this.#at++;
    if (this.#at >= this.#rows.length && this.#rest.from < key) this.#rest = { ...this.#rest, from: key };
  }
}

/** Prepared statements whose failures an operator can read. */
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { CsyncdError } from '../../../util/errors.ts';

/** A result row, a value a column. */
export type Columns = readonly SQLOutputValue[];

export class Statement {
  readonly #statement: StatementSync;
  readonly #file: string;

  constructor(database: DatabaseSync, file: string, sql: string) {
    this.#file = file;
    this.#statement = guarded(file, () => database.prepare(sql));
    this.#statement.setReturnArrays(true);
  }

  run(...values: SQLInputValue[]): void {
    try {
      this.#statement.run(...values);
    } catch (error) {
      throw storeError(this.#file, error);
    }
  }

  get(...values: SQLInputValue[]): Columns | undefined {
    try {
      return this.#statement.get(...values) as Columns | undefined;
    } catch (error) {
      throw storeError(this.#file, error);
    }
  }

  all(...values: SQLInputValue[]): Columns[] {
    try {
      return this.#statement.all(...values) as unknown as Columns[];
    } catch (error) {
      throw storeError(this.#file, error);
    }
  }

  /** Hands each result to `take`, until that returns false. The statement must not be used meanwhile. */
  each(take: (columns: Columns) => boolean, ...values: SQLInputValue[]): void {
    try {
      for (const columns of this.#statement.iterate(...values)) {
        if (!take(columns as unknown as Columns)) return;
      }
    } catch (error) {
      throw storeError(this.#file, error);
    }
  }
}

/** Runs `body`; what SQLite throws becomes a CsyncdError. */
export function guarded<T>(file: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw storeError(file, error);
  }
}

const ADVICE: ReadonlyMap<number, { readonly code: string; readonly what: string; readonly hint: string }> =
  new Map([
    [
      5,
      {
        code: 'state-busy',
        what: 'is locked by another process',
        hint: 'End the process that has it open, then start csyncd again.',
      },
    ],
    [
      8,
      {
        code: 'state-readonly',
        what: 'cannot be written',
        hint: 'Check the owner and mode of the state directory, and that its file system is not mounted read-only.',
      },
    ],
    [
      10,
      {
        code: 'state-io',
        what: 'cannot be read or written: input/output error',
        hint: 'Check the disk (dmesg, smartctl) and the file system under the state directory.',
      },
    ],
    [
      11,
      {
        code: 'state-corrupt',
        what: 'is damaged',
        hint: 'Stop csyncd, move the database away with its -wal and -shm files, and start again: the state is rebuilt from the disk and from the peers.',
      },
    ],
    [
      13,
      {
        code: 'state-full',
        what: 'cannot grow: the disk is full',
        hint: 'Free space on the file system of the state directory; work goes on by itself.',
      },
    ],
    [
      14,
      {
        code: 'state-unopenable',
        what: 'cannot be opened',
        hint: 'Check the owner and mode of the state directory.',
      },
    ],
    [
      26,
      {
        code: 'state-corrupt',
        what: 'is not a csyncd database',
        hint: 'Move the file away and start again: the state is rebuilt from the disk and from the peers.',
      },
    ],
  ]);

/** SQLite's errors by their primary result code (sqlite.org/rescode.html); any other error as it is. */
function storeError(file: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return error;
  const advice = ADVICE.get(error.errcode & 0xff);
  const data = { file, sqlite: error.errcode };
  if (advice === undefined) {
    return new CsyncdError('state-error', `database ${file}: ${error.message}`, { data, cause: error });
  }
  const message = `database ${file} ${advice.what} (${error.message})`;
  return new CsyncdError(advice.code, message, { hint: advice.hint, data, cause: error });
}

/**
 * csync2's SQLite database, for reading only. csync2 creates it, and whoever reads while csync2 wants to commit makes it
 * sleep a second: so every read is a single short statement, and one that finds the database locked is made again later
 * instead of waiting inside SQLite.
 */
import { existsSync, statSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { CsyncdError, messageOf } from '../../util/errors.ts';

const BUSY_MS = 2;
const AGAIN_MS = 20;
/** csync2's own transactions last ten seconds at most. */
const LONGEST_MS = 60_000;

export const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

interface Open {
  readonly connection: DatabaseSync;
  readonly statements: Map<string, StatementSync>;
  /** of the file, while it is the one at the path */
  readonly identity: string;
}

export type Columns = readonly (null | number | bigint | string | Uint8Array)[];

export class Database {
  readonly #file: string;
  #open: Open | null = null;

  constructor(file: string) {
    this.#file = file;
  }

  /** The first result; null when there is none, or no such file or table yet. */
  async first(sql: string, ...values: SQLInputValue[]): Promise<Columns | null> {
    const end = performance.now() + LONGEST_MS;
    for (;;) {
      const result = this.#try(sql, values, performance.now() > end);
      if (result !== 'busy') return result;
      await sleep(AGAIN_MS);
    }
  }

  /**
   * While another process has a transaction open that is not committed: when the last one was, ns since 1970. Only one
   * can be open at a time.
   */
  uncommittedSince(): bigint | null {
    if (!existsSync(`${this.#file}-journal`)) return null;
    return statSync(this.#file, { bigint: true, throwIfNoEntry: false })?.mtimeNs ?? null;
  }

  /** Of the file that is at the path now; null when there is none. */
  identity(): string | null {
    const stat = statSync(this.#file, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? null : `${stat.dev}:${stat.ino}`;
  }

  close(): void {
    this.#open?.connection.close();
    this.#open = null;
  }

  #try(sql: string, values: SQLInputValue[], isLast: boolean): Columns | null | 'busy' {
    try {
      const open = this.#current();
      if (open === null) return null;
      let statement = open.statements.get(sql);
      if (statement === undefined) {
        statement = open.connection.prepare(sql);
        open.statements.set(sql, statement);
      }
      return (statement.get(...values) as Columns | undefined) ?? null;
    } catch (error) {
      const code = errcode(error);
      if ((code === SQLITE_BUSY || code === SQLITE_LOCKED) && !isLast) return 'busy';
      if (code === 1 && messageOf(error).includes('no such table')) return null;
      this.close();
      throw databaseError(this.#file, error);
    }
  }

  /** The connection to the file that is at the path now. */
  #current(): Open | null {
    const identity = this.identity();
    if (identity === null) {
      this.close();
      return null;
    }
    if (this.#open?.identity === identity) return this.#open;
    this.close();
    // For writing, although nothing is written: only so can SQLite roll back what a killed csync2 left half done.
    const location = pathToFileURL(this.#file);
    location.searchParams.set('mode', 'rw');
    const connection = new DatabaseSync(location, { timeout: BUSY_MS, returnArrays: true });
    connection.exec('PRAGMA query_only = 1');
    this.#open = { connection, statements: new Map(), identity };
    return this.#open;
  }
}

/** SQLite's primary result code. */
export function errcode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null;
  return error.errcode & 0xff;
}

/** For an operator. */
export function databaseError(file: string, error: unknown): CsyncdError {
  const code = errcode(error);
  const data = { file };
  if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB) {
    const message = `csync2's database ${file} is damaged (${messageOf(error)})`;
    const hint =
      'stop csyncd and whatever else runs csync2, move the file away together with its -journal, and start again: the tree is recorded anew and compared with the peers';
    return new CsyncdError('csync2-database-corrupt', message, { hint, data, cause: error });
  }
  if (code === SQLITE_BUSY || code === SQLITE_LOCKED) {
    const hint = `end the process that has it locked (fuser ${file}); csyncd goes on by itself then`;
    return new CsyncdError('csync2-database-busy', `csync2's database ${file} stays locked`, {
      hint,
      data,
      cause: error,
    });
  }
  const hint = 'check owner, mode and free space of the file and of its directory, and the disk (dmesg)';
  return new CsyncdError('csync2-database', `csync2's database ${file}: ${messageOf(error)}`, {
    hint,
    data,
    cause: error,
  });
}

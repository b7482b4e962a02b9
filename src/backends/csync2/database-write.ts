/** The few changes of csync2's database that csync2 itself cannot be asked for. Each is one statement. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../util/errors.ts';
import { databaseError, errcode, SQLITE_BUSY } from './database.ts';
import { csync2Busy } from './failures.ts';

const LONGEST_MS = 30_000;
const BUSY_MS = 2;
const AGAIN_MS = 50;

/**
 * Waits while csync2 has the database locked, then changes it.
 *
 * @returns how many rows were changed; 0 where there is no database yet. Throws a CsyncdError: `csync2-busy` when it
 *   stays locked, `csync2-database-corrupt`, `csync2-database`.
 */
export async function changeDatabase(file: string, sql: string, ...values: SQLInputValue[]): Promise<number> {
  // SQLite would make a file where there is none.
  if (!existsSync(file)) return 0;
  const end = performance.now() + LONGEST_MS;
  for (;;) {
    try {
      return change(file, sql, values);
    } catch (error) {
      if (messageOf(error).includes('no such table')) return 0;
      if (errcode(error) !== SQLITE_BUSY) throw databaseError(file, error);
      if (performance.now() > end) throw csync2Busy(dirname(file));
    }
    await sleep(AGAIN_MS);
  }
}

function change(file: string, sql: string, values: readonly SQLInputValue[]): number {
  const database = new DatabaseSync(file, { timeout: BUSY_MS });
  try {
    return Number(database.prepare(sql).run(...values).changes);
  } finally {
    database.close();
  }
}

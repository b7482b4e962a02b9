/** The few changes of csync2's database that csync2 itself cannot be asked for. Each is one statement, or all together. */
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

export interface Change {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/**
 * Waits while csync2 has the database locked, then changes it.
 *
 * @returns how many rows were changed; 0 where there is no database yet. Throws a CsyncdError: `csync2-busy` when it
 *   stays locked, `csync2-database-corrupt`, `csync2-database`.
 */
export async function changeDatabase(file: string, sql: string, ...values: SQLInputValue[]): Promise<number> {
  return await whenFree(file, (database) => run(database, { sql, values }));
}

/**
 * All changes or none, in this order.
 *
 * @param locked called when they are made and nobody else can use the database yet; not where there is none
 * @param longestMs how long to wait for somebody who has it locked
 */
export async function changeTogether(
  file: string,
  changes: readonly Change[],
  locked: () => void,
  longestMs = LONGEST_MS,
): Promise<void> {
  const change = (database: DatabaseSync): number => {
    // Kept beyond the commit, until it is closed.
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    database.exec('BEGIN EXCLUSIVE');
    let changed = 0;
    for (const one of changes) changed += run(database, one);
    database.exec('COMMIT');
    locked();
    return changed;
  };
  await whenFree(file, change, longestMs);
}

async function whenFree(
  file: string,
  change: (database: DatabaseSync) => number,
  longestMs = LONGEST_MS,
): Promise<number> {
  // SQLite would make a file where there is none.
  if (!existsSync(file)) return 0;
  const end = performance.now() + longestMs;
  for (;;) {
    const database = new DatabaseSync(file, { timeout: BUSY_MS });
    try {
      return change(database);
    } catch (error) {
      if (errcode(error) !== SQLITE_BUSY) throw databaseError(file, error);
      if (performance.now() > end) throw csync2Busy(dirname(file));
    } finally {
      database.close();
    }
    await sleep(AGAIN_MS);
  }
}

/** 0 where the table is not there yet. */
function run(database: DatabaseSync, { sql, values }: Change): number {
  try {
    return Number(database.prepare(sql).run(...values).changes);
  } catch (error) {
    if (messageOf(error).includes('no such table')) return 0;
    throw error;
  }
}

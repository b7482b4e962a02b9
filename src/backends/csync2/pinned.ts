/** The peers' certificates that csync2 has seen and keeps to (table `x509_cert` of its database). */
import { Buffer } from 'node:buffer';
import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { Database } from './database.ts';
import { decode, encode } from './encoding.ts';
import { csync2Busy } from './failures.ts';

export interface PinnedCertificate {
  /** csync2's name of it */
  readonly peer: string;
  readonly certificate: X509Certificate;
}

export async function pinnedCertificates(databaseFile: string): Promise<PinnedCertificate[]> {
  const database = new Database(databaseFile);
  const found: PinnedCertificate[] = [];
  try {
    for (let after = ''; ;) {
      const row = await database.first(NEXT, after);
      if (row === null) return found;
      after = String(row[0]);
      const certificate = new X509Certificate(Buffer.from(String(row[1]), 'hex'));
      found.push({ peer: decode(after), certificate });
    }
  } finally {
    database.close();
  }
}

const NEXT = 'SELECT peername, certdata FROM x509_cert WHERE peername > ? ORDER BY peername LIMIT 1';

/**
 * Has csync2 take whatever certificate the peer shows next.
 * @returns whether one was remembered. Throws CsyncdError `csync2-busy` when the database stays locked.
 */
export async function forgetCertificate(databaseFile: string, peer: string): Promise<boolean> {
  // SQLite would make a file where there is none.
  if (!existsSync(databaseFile)) return false;
  const pinned = await pinnedCertificates(databaseFile);
  if (!pinned.some((row) => row.peer === peer)) return false;
  const end = performance.now() + LONGEST_MS;
  for (;;) {
    const database = new DatabaseSync(databaseFile, { timeout: BUSY_MS });
    try {
      return database.prepare('DELETE FROM x509_cert WHERE peername = ?').run(encode(peer)).changes > 0;
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (performance.now() > end) throw csync2Busy(dirname(databaseFile));
    } finally {
      database.close();
    }
    await sleep(AGAIN_MS);
  }
}

const LONGEST_MS = 30_000;
const BUSY_MS = 2;
const AGAIN_MS = 50;
const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}

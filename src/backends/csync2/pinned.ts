/** The peers' certificates that csync2 has seen and keeps to (table `x509_cert` of its database). */
import { Buffer } from 'node:buffer';
import { X509Certificate } from 'node:crypto';
import { changeDatabase } from './database-write.ts';
import { Database } from './database.ts';
import { decode, encode } from './encoding.ts';

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
  const pinned = await pinnedCertificates(databaseFile);
  if (!pinned.some((row) => row.peer === peer)) return false;
  return (await changeDatabase(databaseFile, FORGET, encode(peer))) > 0;
}

const FORGET = 'DELETE FROM x509_cert WHERE peername = ?';

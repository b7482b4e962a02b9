/**
 * Names that an update must leave out, because the peer ends the session at them: csync2 itself can only be told what to
 * send by paths, and not below a prefix. So their rows bear a peer's name that no host has, for the time of the run. Whoever
 * reads the table (table.ts) sees them as owed, and csync2 sees that there is a change to be sent.
 */
import { changeDatabase } from './database-write.ts';
import { Database } from './database.ts';
import { encode, keyList } from './encoding.ts';

const ASIDE = `UPDATE OR REPLACE dirty SET peername = char(10) || ?2
  WHERE peername = ?2 AND filename IN (SELECT CAST(unhex(value) AS TEXT) FROM json_each(?1))`;
const BACK = `UPDATE OR REPLACE dirty SET peername = ltrim(peername, char(10)) WHERE substr(peername, 1, 1) = char(10)`;
const ANY = `SELECT 1 FROM dirty WHERE substr(peername, 1, 1) = char(10) LIMIT 1`;

/** @param host csync2's name of the peer */
export async function setAside(file: string, host: string, names: readonly string[]): Promise<void> {
  await changeDatabase(file, ASIDE, keyList(names), encode(host));
}

/** Of all peers; also what a daemon left so that was killed. */
export async function takeBack(file: string): Promise<void> {
  const database = new Database(file);
  try {
    if ((await database.first(ANY)) === null) return;
  } finally {
    database.close();
  }
  await changeDatabase(file, BACK);
}

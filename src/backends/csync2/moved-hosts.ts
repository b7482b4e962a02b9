/**
 * csync2 knows a host by its address: one whose address changed is another one to it. What is owed to the old address
 * would be sent to nobody, and make every change that comes in for those files a conflict; and under a new address of its
 * own a node would begin with an empty database. So what csync2 keeps follows the nodes, whose names stay.
 */
import { existsSync, renameSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { databaseFileOf, type DatabasePlace } from '../../config/csync2/names.ts';
import type { NodeServices } from '../node-services.ts';
import { changeDatabase } from './database-write.ts';
import { encode } from './encoding.ts';
import type { Other } from './members.ts';
import { takeBack } from './set-aside.ts';

type Member = Pick<Other, 'node' | 'host'>;

export interface GroupHosts {
  readonly group: { readonly name: string };
  readonly node: string;
  /** csync2's name of this node */
  readonly local: { readonly host: string };
  readonly others: readonly Member[];
}

// A peer's rows may be there already, from a config that was taken back.
const MOVE = ['dirty', 'x509_cert'].map(
  (table) => `UPDATE OR REPLACE ${table} SET peername = ?2 WHERE peername = ?1`,
);
const OWN = 'UPDATE dirty SET myname = ?1 WHERE myname <> ?1';
const FORGET = 'DELETE FROM dirty WHERE peername NOT IN (SELECT value FROM json_each(?))';

/**
 * To be called while no csync2 runs on the database. Rejects as `changeDatabase` does.
 *
 * @param notes remember the hosts until the next start
 */
export async function followHosts(
  { group, node, local: { host: own }, others }: GroupHosts,
  place: DatabasePlace,
  notes: NodeServices['notes'],
): Promise<void> {
  const note = `csync2 hosts ${group.name}`;
  const before = JSON.parse(notes.get(note) ?? '{}') as Readonly<Record<string, string>>;
  const now = Object.fromEntries([
    [node, own],
    ...others.map((other) => [other.node, other.host]),
  ]) as Readonly<Record<string, string>>;
  const file = databaseFileOf(place, own);
  const old = before[node];
  const isMoved = old !== undefined && old !== own;
  if (isMoved && !existsSync(file)) moveDatabase(databaseFileOf(place, old), file);
  await takeBack(file);
  // Nothing is written where nothing changed: a database that somebody has locked must not keep a group from its start.
  if (isDeepStrictEqual(before, now)) return;
  if (isMoved) await changeDatabase(file, OWN, encode(own));
  // By way of names that no host has: two nodes may have swapped their addresses.
  const moved = Object.entries(before).filter(([name, host]) => {
    return name !== node && now[name] !== undefined && now[name] !== host;
  });
  const move = async (from: string, to: string): Promise<void> => {
    for (const sql of MOVE) await changeDatabase(file, sql, from, to);
  };
  for (const [name, host] of moved) await move(encode(host), `\t${name}`);
  for (const [name] of moved) await move(`\t${name}`, encode(now[name] ?? ''));
  await changeDatabase(file, FORGET, JSON.stringify(Object.values(now).map(encode)));
  notes.set(note, JSON.stringify(now));
}

/** With the journal of a csync2 that was killed: without it half a transaction would count. */
function moveDatabase(from: string, to: string): void {
  if (!existsSync(from)) return;
  if (existsSync(`${from}-journal`)) renameSync(`${from}-journal`, `${to}-journal`);
  renameSync(from, to);
}

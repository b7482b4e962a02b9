/**
 * csync2 knows a host by its address: one whose address changed is another one to it. What is owed to the old address
 * would be sent to nobody, and make every change that comes in for those files a conflict; and under a new address of its
 * own a node would begin with an empty database. So what csync2 keeps follows the nodes, whose names stay.
 */
import { existsSync, renameSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { databaseFileOf, type DatabasePlace } from '../../config/csync2/names.ts';
import type { NodeServices } from '../node-services.ts';
import { changeTogether, type Change } from './database-write.ts';
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
 * To be called while no csync2 of ours runs on the database. All that is kept follows, or nothing does: rejects as
 * `changeTogether` does.
 *
 * @param notes remember the hosts until the next start
 * @param longestMs how long to wait for somebody who has the database locked
 */
export async function followHosts(
  { group, node, local: { host: own }, others }: GroupHosts,
  place: DatabasePlace,
  notes: NodeServices['notes'],
  longestMs?: number,
): Promise<void> {
  const note = `csync2 hosts ${group.name}`;
  const before = JSON.parse(notes.get(note) ?? '{}') as Readonly<Record<string, string>>;
  const now = Object.fromEntries([
    [node, own],
    ...others.map((other) => [other.node, other.host]),
  ]) as Readonly<Record<string, string>>;
  const file = databaseFileOf(place, own);
  const old = before[node] ?? own;
  const isElsewhere = old !== own && !existsSync(file);
  const there = isElsewhere ? databaseFileOf(place, old) : file;
  await takeBack(there);
  // Nothing is written where nothing changed: a database that somebody has locked must not keep a group from its start.
  if (isDeepStrictEqual(before, now)) return;
  const renamed = (): void => {
    if (isElsewhere) renameSync(there, file);
  };
  await changeTogether(there, changesOf(node, before, now), renamed, longestMs);
  notes.set(note, JSON.stringify(now));
}

function changesOf(
  node: string,
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): Change[] {
  const own = now[node] ?? '';
  const isMoved = before[node] !== undefined && before[node] !== own;
  const moved = Object.entries(before).filter(([name, host]) => {
    return name !== node && now[name] !== undefined && now[name] !== host;
  });
  const move = (from: string, to: string): Change[] => MOVE.map((sql) => ({ sql, values: [from, to] }));
  return [
    ...(isMoved ? [{ sql: OWN, values: [encode(own)] }] : []),
    // By way of names that no host has: two nodes may have swapped their addresses.
    ...moved.flatMap(([name, host]) => move(encode(host), `\t${name}`)),
    ...moved.flatMap(([name]) => move(`\t${name}`, encode(now[name] ?? ''))),
    { sql: FORGET, values: [JSON.stringify(Object.values(now).map(encode))] },
  ];
}

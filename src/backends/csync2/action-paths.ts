/**
 * The paths that a csync2 action is called for, from csync2's database, while csync2 waits for the action's command.
 *
 * The rows of its run need not be there yet: csync2 commits in batches, and for the last of them it would wait until its
 * alarm of ten seconds, with the database locked. It commits at once when it is sent that alarm. It deletes the rows one
 * by one afterwards, so that those of another run stay.
 */
import { Buffer } from 'node:buffer';
import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { ActionCall } from '../../config/csync2/action-command.ts';
import { bytesToText } from '../../util/bytes.ts';
import { decode } from './encoding.ts';

const LONGEST_WAIT_MS = 15_000;
const SIGALRM_BIT = 1n << 13n;

/** Absolute paths of this node, byte strings. @param words those of the call, which make out its rows */
export function actionPaths({ database, prefixes }: ActionCall, words: readonly string[]): string[] {
  hastenCommit(database);
  // Never one made anew.
  const location = pathToFileURL(bytesToText(database));
  location.searchParams.set('mode', 'rw');
  const db = new DatabaseSync(location, { timeout: LONGEST_WAIT_MS });
  try {
    const rows = committed(db);
    const ending = ` run-action ${words.join(' ')}`;
    const own = rows.filter(({ command }) => decode(latin1(command)).endsWith(ending));
    return own.map(({ filename }) => absolute(decode(latin1(filename)), prefixes));
  } finally {
    db.close();
  }
}

interface Row {
  readonly filename: Uint8Array;
  readonly command: Uint8Array;
}

/** Nobody else has changes under way while this has the right to write. */
function committed(db: DatabaseSync): Row[] {
  db.exec('BEGIN IMMEDIATE');
  try {
    const sql = 'SELECT CAST(filename AS BLOB) AS filename, CAST(command AS BLOB) AS command FROM action';
    return db.prepare(sql).all() as unknown as Row[];
  } finally {
    db.exec('ROLLBACK');
  }
}

function absolute(name: string, prefixes: ReadonlyMap<string, string>): string {
  const [, prefix = '', rest = ''] = /^%([^%/]*)%([^]*)$/.exec(name) ?? [];
  const dir = prefixes.get(prefix);
  return dir === undefined ? name : `${dir}${rest}`;
}

/**
 * Sends the alarm to the csync2 that called, if it still has the database: a process above this one that waits for it.
 * Above csync2 may be csyncd, which has the database as well, and would end of the signal.
 */
function hastenCommit(database: string): void {
  for (let pid = process.ppid; pid > 1; pid = parentOf(pid)) {
    if (!isCalledWith(pid, database) || !catchesAlarm(pid) || !hasOpen(pid, database)) continue;
    process.kill(pid, 'SIGALRM');
    return;
  }
}

/** Whether it is a csync2 that was told where the database is. */
function isCalledWith(pid: number, database: string): boolean {
  return ofProcess(pid, 'cmdline').includes(`\0-D\0${dirname(database)}\0`);
}

function catchesAlarm(pid: number): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(ofProcess(pid, 'status'))?.[1] ?? '0';
  return (BigInt(`0x${caught}`) & SIGALRM_BIT) !== 0n;
}

function hasOpen(pid: number, database: string): boolean {
  try {
    const file = realpathSync(bytesToText(database));
    return readdirSync(`/proc/${pid}/fd`).some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === file);
  } catch {
    return false;
  }
}

/** 0 when it is gone. */
function parentOf(pid: number): number {
  // The name before it may hold anything, a ")" too.
  const fields = ofProcess(pid, 'stat')
    .replace(/^.*\) /s, '')
    .split(' ');
  return Number(fields[1] ?? 0);
}

function ofProcess(pid: number, file: 'cmdline' | 'stat' | 'status'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

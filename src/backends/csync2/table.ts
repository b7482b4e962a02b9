/**
 * What csync2 knows: of this node's tree (`file`: the state that its last check accounted for) and of what it owes to
 * peers (`dirty`). Names are csync2's (`/path` or `%prefix%/path`) as byte strings; a key is a name as the database has
 * it, in whose order the rows are read. A database that csync2 has not created yet is empty.
 */
import { Buffer } from 'node:buffer';
import { setImmediate } from 'node:timers/promises';
import { Database, type Columns } from './database.ts';
import { decode, encode, keyList } from './encoding.ts';

/** A row of `file`; `text` as checktxt.ts makes it. */
export interface FileRow {
  readonly key: string;
  readonly text: string;
}

/** Keys from `from` (inclusive) to `before` (exclusive). */
export interface KeyRange {
  readonly from: string;
  readonly before: string;
}

export interface Totals {
  /** all that is recorded: files, directories, links … */
  readonly entries: number;
  /** regular files, and their bytes */
  readonly files: number;
  readonly bytes: number;
}

export interface Owed {
  readonly names: number;
  /** of the regular files among them that are not deletions */
  readonly bytes: number;
}

/** Rows, in a database of a million, that SQLite hands over in a millisecond. */
const PAGE = 1000;
const COUNTED = 4000;
const NAMES = 500;

// Byte by byte, with no regard to UTF-8: names go in and out as BLOB, and are compared as the TEXT that they are stored as.
const FROM = 'CAST(?1 AS TEXT)';
const BEFORE = 'CAST(?2 AS TEXT)';
const SIZE = `CAST(substr(checktxt, instr(checktxt, '%3Asize=') + 8) AS INTEGER)`;
/** What is set aside (set-aside.ts) is owed all the same. */
const PEER = `ltrim(dirty.peername, char(10))`;
const IS_FILE = `instr(checktxt, '%3Atype=reg%3A') > 0`;
// No key and no text holds a tab or a line break.
const LINES = `CAST(group_concat(key || char(9) || text, char(10)) AS BLOB)`;

const SQL = {
  page: `SELECT ${LINES} FROM (SELECT filename AS key, checktxt AS text FROM file
    WHERE filename >= ${FROM} AND filename < ${BEFORE} ORDER BY filename LIMIT ?3)`,
  named: `SELECT ${LINES} FROM (SELECT filename AS key, checktxt AS text FROM file
    WHERE filename IN (SELECT CAST(unhex(value) AS TEXT) FROM json_each(?1)))`,
  stop: (table: string) => `SELECT CAST(filename AS BLOB) FROM ${table}
    WHERE filename >= ${FROM} AND filename < ${BEFORE} ORDER BY filename LIMIT 1 OFFSET ?3`,
  totals: `SELECT count(*), count(*) FILTER (WHERE ${IS_FILE}), total(${SIZE}) FILTER (WHERE ${IS_FILE})
    FROM file WHERE filename >= ${FROM} AND filename < ${BEFORE}`,
  any: `SELECT 1 FROM file WHERE filename >= ${FROM} AND filename < ${BEFORE} LIMIT 1`,
  owed: `SELECT json_group_array(json_array(hex(peer), names, bytes)) FROM (
    SELECT ${PEER} AS peer, count(*) AS names, total(${SIZE}) FILTER (WHERE ${IS_FILE}) AS bytes
    FROM dirty LEFT JOIN file ON file.filename = dirty.filename
    WHERE dirty.filename >= ${FROM} AND dirty.filename < ${BEFORE} GROUP BY 1)`,
  owedNames: `SELECT CAST(group_concat(filename, char(10)) AS BLOB) FROM (SELECT filename FROM dirty
    WHERE filename >= ${FROM} AND filename < ${BEFORE} AND ${PEER} = CAST(?4 AS TEXT) ORDER BY filename LIMIT ?3)`,
  owing: `SELECT CAST(group_concat(filename || char(9) || ${PEER}, char(10)) AS BLOB) FROM dirty
    WHERE filename IN (SELECT CAST(unhex(value) AS TEXT) FROM json_each(?1))`,
  version: 'PRAGMA data_version',
};

export class Table {
  readonly #database: Database;

  /** @param file `<databaseDir>/<host>[_<config name>].db3` */
  constructor(file: string) {
    this.#database = new Database(file);
  }

  close(): void {
    this.#database.close();
  }

  /** Changes whenever another process has changed the database; null while there is none. */
  async version(): Promise<number | null> {
    const [version] = (await this.#database.first(SQL.version)) ?? [];
    return typeof version === 'number' ? version : null;
  }

  /** See Database. */
  identity(): string | null {
    return this.#database.identity();
  }

  /** See Database. */
  uncommittedSince(): bigint | null {
    return this.#database.uncommittedSince();
  }

  /** The first rows in a range, in the order of their keys; fewer than `limit` at its end. */
  async page({ from, before }: KeyRange, limit = PAGE): Promise<FileRow[]> {
    return rowsOf(await this.#database.first(SQL.page, bytes(from), bytes(before), limit));
  }

  /** The texts of exactly these names, by name. */
  async texts(names: readonly string[]): Promise<Map<string, string>> {
    const texts = new Map<string, string>();
    for (let at = 0; at < names.length; at += NAMES) {
      const rows = rowsOf(await this.#database.first(SQL.named, keyList(names.slice(at, at + NAMES))));
      for (const { key, text } of rows) texts.set(decode(key), text);
    }
    return texts;
  }

  /** Whether nothing is recorded at and below a name. */
  async isEmpty(root: string): Promise<boolean> {
    for (const { from, before } of atAndBelow(root)) {
      if ((await this.#database.first(SQL.any, bytes(from), bytes(before))) !== null) return false;
    }
    return true;
  }

  /** What is recorded at and below a name. */
  async totals(root: string): Promise<Totals> {
    const sum = { entries: 0, files: 0, bytes: 0 };
    for await (const range of this.#stretches('file', root)) {
      const [entries, files, size] =
        (await this.#database.first(SQL.totals, bytes(range.from), bytes(range.before))) ?? [];
      sum.entries += Number(entries ?? 0);
      sum.files += Number(files ?? 0);
      sum.bytes += Number(size ?? 0);
    }
    return sum;
  }

  /** What is owed at and below a name, by peer. */
  async owed(root: string): Promise<Map<string, Owed>> {
    const peers = new Map<string, Owed>();
    for await (const range of this.#stretches('dirty', root)) {
      const [json] = (await this.#database.first(SQL.owed, bytes(range.from), bytes(range.before))) ?? [];
      const counts = JSON.parse(typeof json === 'string' ? json : '[]') as [string, number, number][];
      for (const [hex, names, size] of counts) {
        const peer = decode(Buffer.from(hex, 'hex').toString('latin1'));
        const before = peers.get(peer);
        peers.set(peer, { names: (before?.names ?? 0) + names, bytes: (before?.bytes ?? 0) + size });
      }
    }
    return peers;
  }

  /** Some of the names at and below a name that are owed to a peer. */
  async owedNames(root: string, peer: string, limit: number): Promise<string[]> {
    const names: string[] = [];
    for (const { from, before } of atAndBelow(root)) {
      if (names.length >= limit) break;
      const more = [bytes(from), bytes(before), limit - names.length, bytes(encode(peer))] as const;
      names.push(...linesOf(await this.#database.first(SQL.owedNames, ...more)).map(decode));
    }
    return names;
  }

  /** The peers that are owed these names, by name. */
  async peersOwed(names: readonly string[]): Promise<Map<string, string[]>> {
    const peers = new Map<string, string[]>();
    for (let at = 0; at < names.length; at += NAMES) {
      const found = await this.#database.first(SQL.owing, keyList(names.slice(at, at + NAMES)));
      for (const line of linesOf(found)) {
        const [name = '', peer = ''] = line.split('\t').map(decode);
        const those = peers.get(name);
        if (those === undefined) peers.set(name, [peer]);
        else those.push(peer);
      }
    }
    return peers;
  }

  /** A subtree in stretches that can be counted in a moment each. */
  async *#stretches(table: 'file' | 'dirty', root: string): AsyncGenerator<KeyRange> {
    for (const { from, before } of atAndBelow(root)) {
      for (let at = from; ;) {
        const found = await this.#database.first(SQL.stop(table), bytes(at), bytes(before), COUNTED);
        const stop = found === null ? null : textOf(found);
        yield { from: at, before: stop ?? before };
        if (stop === null) break;
        at = stop;
        await setImmediate();
      }
    }
  }
}

/** All keys below a name. */
export function keysBelow(name: string): KeyRange {
  if (name === '/') return { from: keyAfter('/'), before: '0' };
  const key = encode(name);
  return { from: `${key}/`, before: `${key}0` };
}

/** The least key after one: none holds a byte 01. */
export function keyAfter(key: string): string {
  return `${key}\u0001`;
}

function atAndBelow(root: string): KeyRange[] {
  const key = encode(root);
  return [{ from: key, before: keyAfter(key) }, keysBelow(root)];
}

function rowsOf(found: Columns | null): FileRow[] {
  return linesOf(found).map((line) => {
    const tab = line.indexOf('\t');
    return { key: line.slice(0, tab), text: line.slice(tab + 1) };
  });
}

function linesOf(found: Columns | null): string[] {
  const text = found === null ? null : textOf(found);
  return text === null ? [] : text.split('\n');
}

function textOf([column]: Columns): string | null {
  if (!(column instanceof Uint8Array)) return null;
  return Buffer.from(column.buffer, column.byteOffset, column.byteLength).toString('latin1');
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

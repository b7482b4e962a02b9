/** The store in SQLite: one file with a write-ahead log in the state directory. */
import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CsyncdError, messageOf } from '../../../util/errors.ts';
import { spent } from '../../../util/timings.ts';
import { ActorTable } from './actors.ts';
import { RecordCodec } from './record.ts';
import { migrate, schemaSteps } from './schema.ts';
import { bookStatements } from './sqlite-bookkeeping.ts';
import { rowStatements, SqliteMapping } from './sqlite-mapping.ts';
import type { Counters, MappingHome } from './sqlite-mapping.ts';
import { guarded, Statement } from './statement.ts';
import type { AuditEvent, MappingStore, Store } from './store.ts';

export const DATABASE_FILE = 'csyncd.db';
const TABLE_ID = 'table_id';

/** Pages are 4 KiB. The log is copied into the database when it has this many: 16 MiB. */
const CHECKPOINT_PAGES = 4000;
/** The log is cut back to this after a transaction that was larger. */
const LOG_BYTES = 64 * 1024 * 1024;
const CACHE_KIB = 16_384;

/** ms to wait for somebody else's lock: an operator's own tool on the database */
const BUSY_MS = 2000;

/**
 * Opens or creates the store in a state directory. The caller holds that directory's lock (sys/lock.ts). Throws a
 * CsyncdError: `state-too-new`, `state-corrupt`, `state-full`, `state-unopenable` and the like.
 */
export function openStore(dir: string): Store {
  const file = join(dir, DATABASE_FILE);
  attempt(dir, () => {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    // SQLite would create it with 0644; its log takes the mode of the database.
    closeSync(openSync(file, 'a', 0o600));
  });
  return new SqliteStore(file);
}

function attempt(dir: string, body: () => void): void {
  try {
    body();
  } catch (error) {
    throw new CsyncdError('state-unopenable', `state directory ${dir}: ${messageOf(error)}`, {
      hint: 'Check state_dir in the config, and the owner and mode of that directory.',
      data: { dir },
      cause: error,
    });
  }
}

function storeStatements(prepare: (sql: string) => Statement) {
  const event = 'SELECT time, group_name, mapping, path, what, node, result FROM events';
  return {
    begin: prepare('BEGIN IMMEDIATE'),
    commit: prepare('COMMIT'),
    rollback: prepare('ROLLBACK'),
    nest: prepare('SAVEPOINT nested'),
    joinOuter: prepare('RELEASE nested'),
    undoNested: prepare('ROLLBACK TO nested'),
    get: prepare('SELECT value FROM meta WHERE key = ?'),
    set: prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)'),
    mapping: prepare(
      `SELECT id, last_seq, files, CAST(bytes AS REAL), pending, conflicts, blocked FROM mappings
       WHERE group_name = ? AND name = ?`,
    ),
    addMapping: prepare('INSERT INTO mappings (group_name, name) VALUES (?, ?)'),
    setCounters: prepare(
      `UPDATE mappings SET last_seq = ?, files = ?, bytes = ?, pending = ?, conflicts = ?, blocked = ? WHERE id = ?`,
    ),
    addEvent: prepare(
      `INSERT INTO events (time, group_name, mapping, path, what, node, result) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ),
    events: prepare(`${event} WHERE time >= ? ORDER BY time DESC, id DESC LIMIT ?`),
    dropEventsBefore: prepare('DELETE FROM events WHERE time < ?'),
    dropEventsBut: prepare(
      'DELETE FROM events WHERE id <= (SELECT id FROM events ORDER BY id DESC LIMIT 1 OFFSET ?)',
    ),
  };
}

class SqliteStore implements Store {
  readonly #database: DatabaseSync;
  readonly #sql: ReturnType<typeof storeStatements>;
  readonly #actors: ActorTable;
  readonly #home: MappingHome;
  readonly #mappings = new Map<string, SqliteMapping>();
  #depth = 0;

  constructor(file: string) {
    this.#database = guarded(file, () => new DatabaseSync(file, { timeout: BUSY_MS }));
    try {
      guarded(file, () => prepareFile(this.#database, file));
      const prepare = (sql: string) => new Statement(this.#database, file, sql);
      this.#sql = storeStatements(prepare);
      this.#actors = new ActorTable(
        prepare('SELECT id, name FROM actors'),
        prepare('INSERT INTO actors VALUES (?, ?)'),
      );
      this.#home = {
        codec: new RecordCodec(this.#actors),
        rows: rowStatements(prepare),
        books: bookStatements(prepare),
        write: (body) => this.#write(body),
      };
      if (this.get(TABLE_ID) === null) this.newTableId();
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  get tableId(): string {
    return this.get(TABLE_ID) ?? '';
  }

  newTableId(): void {
    this.set(TABLE_ID, randomUUID());
  }

  transaction<T>(body: () => T extends Promise<unknown> ? never : T): T {
    const nested = this.#depth > 0;
    if (nested) this.#checkAlive();
    const counters = [...this.#mappings.values()].map((mapping) => mapping.counters);
    this.#flush();
    (nested ? this.#sql.nest : this.#sql.begin).run();
    this.#depth++;
    const started = performance.now();
    try {
      const result = body();
      this.#flush();
      if (!nested) this.#saveCounters(counters);
      const decided = performance.now();
      (nested ? this.#sql.joinOuter : this.#sql.commit).run();
      if (!nested) {
        spent('decide', decided - started);
        spent('commit', performance.now() - decided);
      }
      return result;
    } catch (error) {
      for (const mapping of this.#mappings.values()) mapping.dropHeld();
      this.#undo(nested, counters);
      throw error;
    } finally {
      this.#depth--;
      if (!nested) for (const mapping of this.#mappings.values()) mapping.committed();
    }
  }

  mapping(group: string, name: string): MappingStore {
    const key = `${group}/${name}`;
    const known = this.#mappings.get(key);
    if (known !== undefined) return known;
    if (this.#depth > 0) throw new Error(`mapping ${key} is first named inside a transaction`);
    if (this.#sql.mapping.get(group, name) === undefined) this.#sql.addMapping.run(group, name);
    const [id, lastSeq, files, bytes, pending, conflicts, blocked] = this.#sql.mapping.get(
      group,
      name,
    ) as unknown as readonly [number, number, number, number, number, number, number];
    const counters = { lastSeq, totals: { files, bytes, pending, conflicts, blocked } };
    const mapping = new SqliteMapping(this.#home, id, group, name, counters);
    this.#mappings.set(key, mapping);
    return mapping;
  }

  get(key: string): string | null {
    return (this.#sql.get.get(key)?.[0] ?? null) as string | null;
  }

  set(key: string, value: string): void {
    this.#write(() => this.#sql.set.run(key, value));
  }

  addEvents(events: readonly AuditEvent[]): void {
    this.#write(() => {
      for (const { time, group, mapping, path, what, node, result } of events) {
        this.#sql.addEvent.run(time, group, mapping, path, what, node, result);
      }
    });
  }

  events(since: number, limit: number): AuditEvent[] {
    const newestFirst = this.#sql.events.all(since, limit) as unknown as readonly [
      number,
      string,
      string,
      string,
      string,
      string,
      string,
    ][];
    return newestFirst
      .map(([time, group, mapping, path, what, node, result]) => {
        return { time, group, mapping, path, what, node, result };
      })
      .reverse();
  }

  pruneEvents(before: number, keepAtMost: number): void {
    this.#write(() => {
      this.#sql.dropEventsBefore.run(before);
      this.#sql.dropEventsBut.run(keepAtMost);
    });
  }

  rest(): void {
    for (const mapping of this.#mappings.values()) mapping.dropHeld();
  }

  close(): void {
    this.#database.close();
  }

  #write(body: () => void): void {
    if (this.#depth === 0) {
      this.transaction<void>(body);
    } else {
      this.#checkAlive();
      body();
    }
  }

  /** After some failures (a full disk) SQLite rolls back everything by itself: what follows must not be kept alone. */
  #checkAlive(): void {
    if (!this.#database.isTransaction)
      throw new CsyncdError('state-error', 'this transaction has already failed');
  }

  #flush(): void {
    for (const mapping of this.#mappings.values()) mapping.flush();
  }

  #saveCounters(former: readonly Counters[]): void {
    let index = 0;
    for (const { id, counters } of this.#mappings.values()) {
      if (counters === former[index++]) continue;
      const { files, bytes, pending, conflicts, blocked } = counters.totals;
      this.#sql.setCounters.run(counters.lastSeq, files, bytes, pending, conflicts, blocked, id);
    }
  }

  #undo(nested: boolean, former: readonly Counters[]): void {
    // First, for a disk that fails may fail the rest.
    let index = 0;
    for (const mapping of this.#mappings.values()) {
      mapping.counters = former[index++] ?? mapping.counters;
    }
    if (this.#database.isTransaction) {
      if (nested) this.#sql.undoNested.run();
      (nested ? this.#sql.joinOuter : this.#sql.rollback).run();
    }
    this.#actors.reload();
  }
}

function prepareFile(database: DatabaseSync, file: string): void {
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
    PRAGMA journal_size_limit = ${LOG_BYTES};
    PRAGMA cache_size = -${CACHE_KIB};
    PRAGMA temp_store = MEMORY`);
  migrate(database, file, schemaSteps());
}

/**
 * What the store believes, for scan workers: a read-only connection of their own, so that a scan neither waits for the
 * control loop nor holds it up. Each answer is of one moment; two answers may be of two.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Applied, Identity, RelPath } from '../core/types.ts';
import { ActorTable } from './actors.ts';
import { below, fromKey, pastChild, toKey } from './key.ts';
import { RecordCodec } from './record.ts';
import { DATABASE_FILE } from './sqlite.ts';
import { eachChild } from './sqlite-mapping.ts';
import { guarded, Statement } from './statement.ts';
import type { Columns } from './statement.ts';

/** A walk in path order comes back to few pages. */
const CACHE_KIB = 2048;
/** Rows read together: more and more of them, as long as none lies below a child. */
const LEAST_TOGETHER = 2;
const FIRST_TOGETHER = 32;
const MOST_TOGETHER = 512;
/** ms to wait while the writer recovers or empties the log */
const BUSY_MS = 2000;

interface Believed {
  readonly path: RelPath;
  readonly applied: Applied | null;
}

/** A `BeliefReader` of scan/observation.ts, which the store does not know. */
export interface StoreReader {
  get(path: RelPath): Believed | null;
  children(dir: RelPath): Believed[];
  identities(dir: RelPath): Map<string, Identity | null>;
  close(): void;
}

/** Reads a mapping of the store in `dir`, which must exist and may be in use. Throws a CsyncdError. */
export function openReader(dir: string, group: string, mapping: string): StoreReader {
  const file = join(dir, DATABASE_FILE);
  const database = guarded(file, () => new DatabaseSync(file, { readOnly: true, timeout: BUSY_MS }));
  guarded(file, () => database.exec(`PRAGMA cache_size = -${CACHE_KIB}`));
  const prepare = (sql: string) => new Statement(database, file, sql);
  const [id] = prepare('SELECT id FROM mappings WHERE group_name = ? AND name = ?').get(group, mapping) ?? [];
  if (typeof id !== 'number') throw new Error(`no mapping ${group}/${mapping} in ${file}`);
  return new SqliteReader(database, prepare, id);
}

class SqliteReader implements StoreReader {
  readonly #database: DatabaseSync;
  readonly #mapping: number;
  readonly #codec: RecordCodec;
  readonly #get: Statement;
  readonly #range: Statement;
  readonly #page: Statement;

  constructor(database: DatabaseSync, prepare: (sql: string) => Statement, mapping: number) {
    this.#database = database;
    this.#mapping = mapping;
    this.#codec = new RecordCodec(new ActorTable(prepare('SELECT id, name FROM actors'), null));
    this.#get = prepare('SELECT state FROM rows WHERE mapping = ? AND path = ?');
    this.#range = prepare(
      'SELECT path, state FROM rows WHERE mapping = ? AND path > ? AND path < ? ORDER BY path',
    );
    this.#page = prepare(
      'SELECT path, state FROM rows WHERE mapping = ? AND path > ? AND path < ? ORDER BY path LIMIT ?',
    );
  }

  get(path: RelPath): Believed | null {
    const columns = this.#get.get(this.#mapping, toKey(path));
    return columns === undefined
      ? null
      : { path, applied: this.#codec.decodeApplied(columns[0] as Uint8Array) };
  }

  children(dir: RelPath): Believed[] {
    const { from, to } = below(dir);
    const found: Believed[] = [];
    eachChild(this.#range, this.#mapping, from, to, ([key, state]) => {
      const applied = this.#codec.decodeApplied(state as Uint8Array);
      if (applied === null || applied.value.kind === 'absent') return;
      found.push({ path: fromKey(key as string), applied });
    });
    return found;
  }

  identities(dir: RelPath): Map<string, Identity | null> {
    const { from, to } = below(dir);
    const found = new Map<string, Identity | null>();
    let together = FIRST_TOGETHER;
    for (let after = from; ;) {
      const page = this.#page.all(this.#mapping, after, to, together);
      const past = this.#take(page, from, found);
      const last = page.at(-1)?.[0];
      if (past === null && (page.length < together || last === undefined)) return found;
      after = past ?? (last as string);
      together = past === null ? Math.min(2 * together, MOST_TOGETHER) : LEAST_TOGETHER;
    }
  }

  /** Returns where to go on when a row lay below a child; null when all were children. */
  #take(page: readonly Columns[], from: string, found: Map<string, Identity | null>): string | null {
    for (const [key, state] of page) {
      const past = pastChild(from, key as string);
      if (past !== null) return past;
      const identity = this.#codec.decodeIdentity(state as Uint8Array);
      if (identity !== 'absent') found.set((key as string).slice(from.length), identity);
    }
    return null;
  }

  close(): void {
    this.#database.close();
  }
}

/**
 * The engine's state on this node. Synchronous, one writer, one thread: the control loop. A transaction is all or
 * nothing after a kill; `commit` does not wait for the disk (WAL, synchronous=NORMAL), so a power cut may take the last
 * transactions: the disk is then newer than the store, which the next scan finds, and the node takes a new epoch.
 *
 * Implementations: `sqlite.ts` and `memory.ts`, one conformance suite for both.
 */
import type { AuditEvent } from '../../backend.ts';
import type { Applied, Dot, RelPath, Row } from '../core/types.ts';

export type { AuditEvent };

/** Grows by one for each announced change of a row; private to one store (`Store.tableId`). */
export type Seq = number;

/** Why a row's wanted value is not on the disk; null when it is, or when work is under way. */
export interface Blocked {
  /** an errno name, or `hot`, `waiting-content`, `not-empty`, `conflict` */
  readonly code: string;
  readonly message: string;
  /** ms since 1970 */
  readonly since: number;
}

export interface StoredRow {
  readonly path: RelPath;
  readonly row: Row;
  /** sequence at which `row` last changed; 0 for a row that holds only local facts (nothing to announce) */
  readonly seq: Seq;
  /** null: nothing was ever read from or put on the disk here, which counts as absent */
  readonly applied: Applied | null;
  /** the wanted value is not the applied one: work to do, found again after a restart */
  readonly pending: boolean;
  readonly blocked: Blocked | null;
  /** how many direct children are live, themselves or by their descendants: what makes this path a directory (I13) */
  readonly liveChildren: number;
  /** the path at which a local rename found this content, for peers that hold it there; null otherwise */
  readonly movedFrom: RelPath | null;
}

/** A change of the disk that was begun: written before it, deleted after it (replication.md 9, I10). */
export interface Intent {
  readonly path: RelPath;
  readonly backupId: string | null;
  /** what was to be put there */
  readonly wanted: Pick<Applied, 'value' | 'dots'>;
}

export interface Backup {
  /** file name below `.csyncd/backup`, also the version shown to operators */
  readonly id: string;
  readonly path: RelPath;
  /** ms since 1970 when it was taken */
  readonly time: number;
  /** the version that was replaced */
  readonly value: Applied['value'];
  /** dots of that version, so that its author is known */
  readonly dots: readonly Dot[];
  /** node whose change took its place */
  readonly node: string;
  readonly reason: 'replaced' | 'deleted' | 'conflict' | 'reverted';
}

export interface Totals {
  readonly files: number;
  readonly bytes: number;
  readonly pending: number;
  readonly conflicts: number;
  readonly blocked: number;
}

/** What this node holds of one peer's table of this mapping, and what that peer acknowledged of ours. */
export interface PeerProgress {
  /** identity of the peer's table; a different one means starting at 0 */
  readonly theirTable: string;
  /** I hold everything of their table up to here */
  readonly theirSeq: Seq;
  /** their table at the time when they acknowledged; ours is `Store.tableId` */
  readonly ourTable: string;
  /** they acknowledged everything of our table up to here: on their disk */
  readonly ourSeq: Seq;
}

export interface MappingStore {
  readonly group: string;
  readonly name: string;

  get(path: RelPath): StoredRow | null;
  /** Inserts or replaces. The caller keeps `seq`, `pending` and `liveChildren` right (sync/table.ts does). */
  put(row: StoredRow): void;
  delete(path: RelPath): void;

  /** Rows whose parent is `dir`, by name in byte order. */
  children(dir: RelPath): StoredRow[];
  /** `dir` itself (unless it is the root) and all rows below it, in no defined order but complete. */
  subtree(dir: RelPath): Iterable<StoredRow>;
  /** Rows with `seq > after`, ascending, at most `limit`. */
  since(after: Seq, limit: number): StoredRow[];
  /** Rows with `pending` and no `blocked`, with `seq > after`, ascending by seq, at most `limit`. */
  pending(after: Seq, limit: number): StoredRow[];
  /** Rows with `blocked` set, or with more than one sibling, in path order after `after` (exclusive), at most `limit`. */
  troubled(after: RelPath | null, limit: number): StoredRow[];
  /** Those with `blocked` set. */
  blocked(after: RelPath | null, limit: number): StoredRow[];
  /** Rows in path order (byte order of `path` split at `/`) after `after` (exclusive), at most `limit`. */
  page(after: RelPath | null, limit: number): StoredRow[];
  /** Kept up incrementally: never a scan. */
  totals(): Totals;

  /** Last sequence used, kept across restarts; `nextSeq` takes a new one. */
  lastSeq(): Seq;
  nextSeq(): Seq;

  progress(peer: string): PeerProgress | null;
  setProgress(peer: string, progress: PeerProgress): void;
  /** Greatest complete counter per actor (I14). */
  knowledge(): ReadonlyMap<string, number>;
  setKnowledge(knowledge: ReadonlyMap<string, number>): void;

  /** `batch`: a number of the caller's for what is begun and ended together. */
  addIntents(batch: number, intents: readonly Intent[]): void;
  deleteIntents(batch: number): void;
  /** In the order of their batches. */
  intents(): Intent[];
  deleteAllIntents(): void;

  addBackup(backup: Backup): void;
  deleteBackup(id: string): void;
  /** Of one path, or of all when null; newest first. Others may be added and deleted meanwhile. */
  backups(path: RelPath | null): Iterable<Backup>;
}

export interface Store {
  /** Random, new with each store and each epoch: peers who kept a sequence of another table start over. */
  readonly tableId: string;
  /** Gives the store a new `tableId`: its sequences may have gone back in time. */
  newTableId(): void;
  /**
   * Runs `body` in one transaction; nested calls join the outer one, and one that throws undoes its own part only. A
   * promise as result does not type-check.
   */
  transaction<T>(body: () => T extends Promise<unknown> ? never : T): T;
  /** Must be called outside of transactions when the mapping is first named. */
  mapping(group: string, name: string): MappingStore;

  get(key: string): string | null;
  set(key: string, value: string): void;

  addEvents(events: readonly AuditEvent[]): void;
  /** Oldest first, from a time (ms) on; at most `limit`, the newest when there are more. */
  events(since: number, limit: number): AuditEvent[];
  pruneEvents(before: number, keepAtMost: number): void;
  /** Gives back memory that only saved reading the database. Not in a transaction. */
  rest(): void;
  close(): void;
}

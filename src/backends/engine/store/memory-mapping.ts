/** A mapping's rows and bookkeeping in memory. Simple rather than fast: what is asked for in order is sorted then. */
import type { RelPath } from '../core/types.ts';
import { below, pastChild, toKey } from './key.ts';
import type { Backup, Intent, MappingStore, PeerProgress, Seq, StoredRow, Totals } from './store.ts';
import { exchange, isTroubled, NO_TOTALS, totalsOf } from './totals.ts';
import { UndoMap } from './undo.ts';
import type { UndoLog } from './undo.ts';

interface Counters {
  readonly lastSeq: Seq;
  readonly totals: Totals;
}

export class MemoryMapping implements MappingStore {
  readonly group: string;
  readonly name: string;
  readonly #rows: UndoMap<string, StoredRow>;
  readonly #counters: UndoMap<'counters', Counters>;
  readonly #progress: UndoMap<string, PeerProgress>;
  readonly #knowledge: UndoMap<'knowledge', ReadonlyMap<string, number>>;
  readonly #intents: UndoMap<number, readonly Intent[]>;
  readonly #backups: UndoMap<string, Backup>;

  constructor(log: UndoLog, group: string, name: string) {
    this.group = group;
    this.name = name;
    this.#rows = new UndoMap(log);
    this.#counters = new UndoMap(log);
    this.#progress = new UndoMap(log);
    this.#knowledge = new UndoMap(log);
    this.#intents = new UndoMap(log);
    this.#backups = new UndoMap(log);
  }

  get(path: RelPath): StoredRow | null {
    return this.#rows.get(toKey(path)) ?? null;
  }

  put(row: StoredRow): void {
    const key = toKey(row.path);
    this.#count(key, totalsOf(row));
    this.#rows.set(key, row);
  }

  delete(path: RelPath): void {
    const key = toKey(path);
    this.#count(key, NO_TOTALS);
    this.#rows.delete(key);
  }

  children(dir: RelPath): StoredRow[] {
    const { from } = below(dir);
    return this.#below(dir).filter((row) => pastChild(from, toKey(row.path)) === null);
  }

  subtree(dir: RelPath): Iterable<StoredRow> {
    const self = dir === '' ? null : this.get(dir);
    return self === null ? this.#below(dir) : [self, ...this.#below(dir)];
  }

  since(after: Seq, limit: number): StoredRow[] {
    return this.#bySeq((row) => row.seq > after).slice(0, limit);
  }

  pending(after: Seq, limit: number): StoredRow[] {
    return this.#bySeq((row) => row.pending && row.blocked === null && row.seq > after).slice(0, limit);
  }

  troubled(after: RelPath | null, limit: number): StoredRow[] {
    return this.#after(after, limit, isTroubled);
  }

  blocked(after: RelPath | null, limit: number): StoredRow[] {
    return this.#after(after, limit, (row) => row.blocked !== null);
  }

  page(after: RelPath | null, limit: number): StoredRow[] {
    return this.#after(after, limit, () => true);
  }

  totals(): Totals {
    return this.#counted().totals;
  }

  lastSeq(): Seq {
    return this.#counted().lastSeq;
  }

  nextSeq(): Seq {
    const { lastSeq, totals } = this.#counted();
    this.#counters.set('counters', { lastSeq: lastSeq + 1, totals });
    return lastSeq + 1;
  }

  progress(peer: string): PeerProgress | null {
    return this.#progress.get(peer) ?? null;
  }

  setProgress(peer: string, progress: PeerProgress): void {
    this.#progress.set(peer, progress);
  }

  knowledge(): ReadonlyMap<string, number> {
    return this.#knowledge.get('knowledge') ?? new Map();
  }

  setKnowledge(knowledge: ReadonlyMap<string, number>): void {
    this.#knowledge.set('knowledge', new Map(knowledge));
  }

  addIntents(batch: number, intents: readonly Intent[]): void {
    this.#intents.set(batch, intents);
  }

  deleteIntents(batch: number): void {
    this.#intents.delete(batch);
  }

  intents(): Intent[] {
    return this.#intents
      .entries()
      .sort(([a], [b]) => a - b)
      .flatMap(([, intents]) => intents);
  }

  deleteAllIntents(): void {
    for (const [batch] of this.#intents.entries()) this.#intents.delete(batch);
  }

  addBackup(backup: Backup): void {
    this.#backups.set(backup.id, backup);
  }

  deleteBackup(id: string): void {
    this.#backups.delete(id);
  }

  backups(path: RelPath | null): Iterable<Backup> {
    return this.#backups
      .values()
      .filter((backup) => path === null || backup.path === path)
      .sort((a, b) => b.time - a.time || compare(b.id, a.id));
  }

  #counted(): Counters {
    return this.#counters.get('counters') ?? { lastSeq: 0, totals: NO_TOTALS };
  }

  #count(key: string, after: Totals): void {
    const before = this.#rows.get(key);
    const { lastSeq, totals } = this.#counted();
    const share = before === undefined ? NO_TOTALS : totalsOf(before);
    this.#counters.set('counters', { lastSeq, totals: exchange(totals, share, after) });
  }

  #below(dir: RelPath): StoredRow[] {
    const { from, to } = below(dir);
    return this.#where((key) => key > from && key < to);
  }

  #after(after: RelPath | null, limit: number, wanted: (row: StoredRow) => boolean): StoredRow[] {
    const bound = after === null ? null : toKey(after);
    return this.#where((key, row) => (bound === null || key > bound) && wanted(row)).slice(0, limit);
  }

  /** In path order. */
  #where(wanted: (key: string, row: StoredRow) => boolean): StoredRow[] {
    return this.#rows
      .entries()
      .filter(([key, row]) => wanted(key, row))
      .sort(([a], [b]) => compare(a, b))
      .map(([, row]) => row);
  }

  #bySeq(wanted: (row: StoredRow) => boolean): StoredRow[] {
    return this.#where((_, row) => wanted(row)).sort((a, b) => a.seq - b.seq);
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What SQLite keeps of a mapping besides its rows: progress of peers, knowledge, intents, backups. */
import type { RelPath } from '../core/types.ts';
import { fromKey, toKey } from './key.ts';
import type { RecordCodec } from './record.ts';
import type { Columns, Statement } from './statement.ts';
import type { Backup, Intent, PeerProgress } from './store.ts';

const PAGE = 500;

export function bookStatements(prepare: (sql: string) => Statement) {
  const backup = 'SELECT id, path, time, version, node, reason FROM backups WHERE mapping = ?';
  return {
    progress: prepare(
      'SELECT their_table, their_seq, our_table, our_seq FROM progress WHERE mapping = ? AND peer = ?',
    ),
    setProgress: prepare('INSERT OR REPLACE INTO progress VALUES (?, ?, ?, ?, ?, ?)'),
    knowledge: prepare('SELECT actor, counter FROM knowledge WHERE mapping = ? ORDER BY actor'),
    setKnowledge: prepare('INSERT OR REPLACE INTO knowledge VALUES (?, ?, ?)'),
    forgetKnowledge: prepare('DELETE FROM knowledge WHERE mapping = ? AND actor = ?'),
    intents: prepare('SELECT intents FROM intents WHERE mapping = ? ORDER BY batch'),
    addIntents: prepare('INSERT OR REPLACE INTO intents VALUES (?, ?, ?)'),
    deleteIntents: prepare('DELETE FROM intents WHERE mapping = ? AND batch = ?'),
    deleteAllIntents: prepare('DELETE FROM intents WHERE mapping = ?'),
    addBackup: prepare('INSERT OR REPLACE INTO backups VALUES (?, ?, ?, ?, ?, ?, ?)'),
    deleteBackup: prepare('DELETE FROM backups WHERE mapping = ? AND id = ?'),
    backups: prepare(`${backup} AND (time, id) < (?, ?) ORDER BY time DESC, id DESC LIMIT ?`),
    backupsOf: prepare(`${backup} AND path = ? AND (time, id) < (?, ?) ORDER BY time DESC, id DESC LIMIT ?`),
  };
}

export interface BookHome {
  readonly codec: RecordCodec;
  readonly books: ReturnType<typeof bookStatements>;
  /** Runs `body` within the present transaction, or in one of its own. */
  write(body: () => void): void;
}

export class SqliteBookkeeping {
  readonly id: number;
  readonly #home: BookHome;

  constructor(home: BookHome, id: number) {
    this.#home = home;
    this.id = id;
  }

  progress(peer: string): PeerProgress | null {
    const columns = this.#home.books.progress.get(this.id, peer);
    if (columns === undefined) return null;
    const [theirTable, theirSeq, ourTable, ourSeq] = columns as [string, number, string, number];
    return { theirTable, theirSeq, ourTable, ourSeq };
  }

  setProgress(peer: string, { theirTable, theirSeq, ourTable, ourSeq }: PeerProgress): void {
    this.#home.write(() => {
      this.#home.books.setProgress.run(this.id, peer, theirTable, theirSeq, ourTable, ourSeq);
    });
  }

  knowledge(): ReadonlyMap<string, number> {
    return new Map(this.#home.books.knowledge.all(this.id) as unknown as [string, number][]);
  }

  setKnowledge(knowledge: ReadonlyMap<string, number>): void {
    this.#home.write(() => {
      const before = this.knowledge();
      for (const [actor, counter] of knowledge) {
        if (before.get(actor) !== counter) this.#home.books.setKnowledge.run(this.id, actor, counter);
      }
      for (const actor of before.keys()) {
        if (!knowledge.has(actor)) this.#home.books.forgetKnowledge.run(this.id, actor);
      }
    });
  }

  addIntents(batch: number, intents: readonly Intent[]): void {
    this.#home.write(() => {
      this.#home.books.addIntents.run(this.id, batch, this.#home.codec.encodeIntents(intents));
    });
  }

  deleteIntents(batch: number): void {
    this.#home.write(() => this.#home.books.deleteIntents.run(this.id, batch));
  }

  intents(): Intent[] {
    return this.#home.books.intents
      .all(this.id)
      .flatMap(([intents]) => this.#home.codec.decodeIntents(intents as Uint8Array));
  }

  deleteAllIntents(): void {
    this.#home.write(() => this.#home.books.deleteAllIntents.run(this.id));
  }

  addBackup(backup: Backup): void {
    const { id, path, time, value, dots, node, reason } = backup;
    this.#home.write(() => {
      const version = this.#home.codec.encodeVersion(value, dots);
      this.#home.books.addBackup.run(this.id, id, toKey(path), time, version, node, reason);
    });
  }

  deleteBackup(id: string): void {
    this.#home.write(() => this.#home.books.deleteBackup.run(this.id, id));
  }

  *backups(path: RelPath | null): Iterable<Backup> {
    const { backups, backupsOf } = this.#home.books;
    let time = Number.MAX_SAFE_INTEGER;
    let id = '';
    for (;;) {
      const page =
        path === null
          ? backups.all(this.id, time, id, PAGE)
          : backupsOf.all(this.id, toKey(path), time, id, PAGE);
      for (const columns of page) {
        const backup = this.#backupOf(columns);
        yield backup;
        ({ time, id } = backup);
      }
      if (page.length < PAGE) return;
    }
  }

  #backupOf(columns: Columns): Backup {
    const [id, key, time, version, node, reason] = columns as [
      string,
      string,
      number,
      Uint8Array,
      string,
      Backup['reason'],
    ];
    return { id, path: fromKey(key), time, ...this.#home.codec.decodeVersion(version), node, reason };
  }
}

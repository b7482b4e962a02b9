/** A group's csync2 on this node: the binary, its table, the key. What the parts of the backend share. */
import { changeDatabase } from './database-write.ts';
import { encode, hex, keyList } from './encoding.ts';
import { Incoming } from './incoming.ts';
import { PeerSession } from './peer-session.ts';
import type { Places } from './places.ts';
import { Csync2Program, type ProgramSettings, type RunResult } from './program.ts';
import { Table } from './table.ts';
import { readIdentity } from './identity.ts';
import { pinnedCertificates } from './pinned.ts';
import { Turns } from './turns.ts';

export interface LocalSettings {
  readonly program: ProgramSettings;
  readonly places: Places;
  /** the group's key as it travels */
  readonly key: string;
  readonly noSsl: boolean;
}

export interface Task {
  readonly args: readonly string[];
  /** absolute byte paths */
  readonly paths?: readonly string[];
  readonly signal?: AbortSignal;
  /** Its turn has come; what this throws ends it. */
  readonly onStart?: () => void;
}

/**
 * Runs csync2 in a turn that is already had, to its end: csync2 marks a name anew by removing the mark and setting it
 * again, peer by peer, and one that is killed in between leaves a name that nobody owes.
 */
export type RunInTurn = (task: Pick<Task, 'args' | 'paths'>) => Promise<RunResult>;

/** A session's rows are waited for so long, ms; what differs then is looked at again. */
const QUIET_MS = 5_000;
const RESTS = 10;
const NAMES = 500;
const NAMED = 'filename IN (SELECT CAST(unhex(value) AS TEXT) FROM json_each(?1))';
const FORCE = `UPDATE dirty SET forced = 1 WHERE ${NAMED} AND peername = CAST(?2 AS TEXT) AND forced <> 1`;
const SETTLE = `DELETE FROM dirty WHERE ${NAMED} AND peername = CAST(?2 AS TEXT)`;
/** What csync2 has recorded of them; '' = nothing. */
const RECORDED = `ifnull((SELECT checktxt FROM file WHERE file.filename = dirty.filename), '')`;
const STRIKE_RECORDED = `DELETE FROM dirty WHERE (filename, ${RECORDED}) IN (
  SELECT CAST(unhex(value ->> 0) AS TEXT), CAST(unhex(value ->> 1) AS TEXT) FROM json_each(?1))`;
const STRIKE = (table: 'file' | 'dirty'): string => `DELETE FROM ${table} WHERE ${NAMED}`;

export class Local {
  readonly settings: LocalSettings;
  readonly program: Csync2Program;
  readonly turns = new Turns();
  readonly table: Table;
  readonly incoming: Incoming;
  readonly #bootstrap: Csync2Program;

  constructor(settings: LocalSettings) {
    this.settings = settings;
    const { program, places } = settings;
    this.program = new Csync2Program(program);
    this.#bootstrap = new Csync2Program({ ...program, systemDir: places.bootstrapDir });
    this.table = new Table(places.databaseFile);
    this.incoming = new Incoming(program.port);
  }

  /** csync2's name of this node */
  get host(): string {
    return this.settings.program.host;
  }

  /**
   * Has the database for itself: no other run of csync2 from here works on it meanwhile. Whoever only reads needs that as
   * well, for csync2 sleeps a second when it finds a reader at its commit.
   */
  alone<T>(work: (run: RunInTurn) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.turns.run(
      'check',
      (giveWay) => work((task) => this.program.run({ ...task, onStall: giveWay })),
      signal,
    );
  }

  /** By the config in the bootstrap directory, of which no peer hears. */
  bootstrap({ onStart, ...task }: Task): Promise<RunResult> {
    const record = async (): Promise<RunResult> => {
      onStart?.();
      return this.#bootstrap.run(task);
    };
    return this.turns.run('check', record, task.signal);
  }

  /** Waits a little for peers that are sending, so that what they bring is not taken for a local edit. */
  async quiet(signal: AbortSignal): Promise<void> {
    await this.incoming.quiet(QUIET_MS, signal);
  }

  /**
   * The peers that are owed these names, by name, from a moment at which no session of a peer was at work: one that asks
   * about a name takes its mark away before it sets it anew, up to a second later. Rejects when there is no such moment.
   */
  async owedAtRest(names: readonly string[], signal: AbortSignal): Promise<Map<string, string[]>> {
    for (let tries = 0; tries < RESTS && (await this.incoming.quiet(QUIET_MS, signal)); tries++) {
      const owed = await this.owedIfAtRest(names, signal);
      if (owed !== null) return owed;
    }
    throw new Error('peers are at work here');
  }

  /** null when a peer is at work here, or was meanwhile: csync2 removes a mark before it sets it anew. */
  async owedIfAtRest(names: readonly string[], signal: AbortSignal): Promise<Map<string, string[]> | null> {
    if (await this.incoming.isOpen()) return null;
    const before = await this.table.version();
    const owed = await this.alone(() => this.table.peersOwed(names), signal);
    // A whole session may have come and gone.
    return !(await this.incoming.isOpen()) && (await this.table.version()) === before ? owed : null;
  }

  /** A session with a host of the group, which may be this node itself. The caller closes it. */
  async session(peer: string, signal: AbortSignal): Promise<PeerSession> {
    const { program, places, noSsl } = this.settings;
    const pins = noSsl ? [] : await pinnedCertificates(places.databaseFile);
    return PeerSession.open({
      self: program.host,
      peer,
      port: program.port,
      configName: program.configName,
      identity: noSsl ? null : await readIdentity(places.systemDir),
      pinned: pins.find((pin) => pin.peer === peer)?.certificate ?? null,
      signal,
    });
  }

  /**
   * What is on the disk at the paths is recorded, and owed to nobody: what a peer sends for them is taken.
   *
   * @param names csync2's names of the paths
   * @param stages what is done when its turn has come, and when all is recorded; what these throw ends it
   */
  async giveUp(
    names: readonly string[],
    files: readonly string[],
    stages: { readonly onStart: () => void; readonly onRecorded: () => Promise<void> },
    signal: AbortSignal,
  ): Promise<void> {
    await this.alone(async (run) => {
      stages.onStart();
      await run({ args: ['-cI'], paths: files });
      await stages.onRecorded();
      await this.#change(STRIKE('dirty'), names);
    }, signal);
  }

  /**
   * Owed to nobody any more, those of which csync2 has still recorded this; to be called when the database is had alone. A
   * session of a peer may record a change at any time, and owes it then.
   *
   * @param recorded csync2's texts by name, null = nothing
   */
  async strike(recorded: ReadonlyMap<string, string | null>): Promise<void> {
    const file = this.settings.places.databaseFile;
    const pairs = [...recorded].map(([name, text]) => [hex(encode(name)), hex(text ?? '')]);
    for (let at = 0; at < pairs.length; at += NAMES)
      await changeDatabase(file, STRIKE_RECORDED, JSON.stringify(pairs.slice(at, at + NAMES)));
  }

  /** csync2 knows nothing of these names any more, and owes them to nobody. */
  async forget(names: readonly string[], signal: AbortSignal): Promise<void> {
    await this.alone(async () => {
      await this.#change(STRIKE('dirty'), names);
      await this.#change(STRIKE('file'), names);
    }, signal);
  }

  /** The peer is owed these no more. */
  async settle(names: readonly string[], host: string, signal: AbortSignal): Promise<void> {
    await this.alone(() => this.#change(SETTLE, names, encode(host)), signal);
  }

  /**
   * Of what is owed to this peer, these win the next conflict there, whatever the policy says.
   *
   * @returns of how many that was not so yet
   */
  async force(names: readonly string[], host: string, signal: AbortSignal): Promise<number> {
    if (names.length === 0) return 0;
    return this.alone(() => this.#change(FORCE, names, encode(host)), signal);
  }

  /** When the run under way has come to its end. */
  async end(): Promise<void> {
    await this.alone(() => Promise.resolve());
    this.close();
  }

  close(): void {
    this.table.close();
  }

  async #change(sql: string, names: readonly string[], ...more: readonly string[]): Promise<number> {
    let changed = 0;
    for (let at = 0; at < names.length; at += NAMES) {
      const keys = keyList(names.slice(at, at + NAMES));
      changed += await changeDatabase(this.settings.places.databaseFile, sql, keys, ...more);
    }
    return changed;
  }
}

/** Slow recurring work: backups and events that have served their time are removed, tables are compared with peers'. */
import type { Logger } from '../../util/log.ts';
import { messageOf } from '../../util/errors.ts';
import type { Audit } from './audit.ts';
import type { NodeId } from './core/types.ts';
import { compareTables } from './sync/anti-entropy.ts';
import { removeLeftovers } from './sync/content/leftovers.ts';
import { expiredBackups, type BackupRules } from './sync/expired-backups.ts';
import type { MappingEngine } from './sync/mapping-engine.ts';
import type { Session } from './sync/session.ts';

const CLEAN_EVERY = 10 * 60_000;
const COMPARE_EVERY = 60 * 60_000;
/** Backups removed together: the disk worker also moves contents. */
const TOGETHER = 500;

export interface HousekeepingParts {
  engines(): Iterable<MappingEngine>;
  rules(group: string): BackupRules;
  /** the session with a peer for a group, while there is one */
  session(group: string, peer: NodeId): Session | null;
  readonly audit: Audit;
  readonly log: Logger;
}

export class Housekeeping {
  readonly #parts: HousekeepingParts;
  #timers: NodeJS.Timeout[] = [];

  constructor(parts: HousekeepingParts) {
    this.#parts = parts;
  }

  start(): void {
    // Not all nodes at the same moment.
    const compareEvery = COMPARE_EVERY * (0.75 + Math.random() / 2);
    this.#timers = [
      setInterval(() => void this.#clean(), CLEAN_EVERY),
      setInterval(() => void this.#compare(), compareEvery),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  async #compare(): Promise<void> {
    for (const engine of this.#parts.engines()) {
      const { about } = engine.replica.shared;
      for (const peer of engine.replica.openPeers()) {
        const session = this.#parts.session(about.group, peer);
        if (session === null) continue;
        try {
          const result = await compareTables(engine, peer, session);
          if (result !== 'healed') continue;
          this.#parts.log.error(
            { ...about, peer },
            'the tables of two nodes that had told each other everything differed: everything is told again; please report this',
          );
        } catch (error) {
          this.#parts.log.debug({ ...about, peer }, `tables could not be compared: ${messageOf(error)}`);
        }
      }
    }
  }

  async #clean(): Promise<void> {
    try {
      this.#parts.audit.prune(Date.now());
    } catch (error) {
      this.#parts.log.warn(`old events could not be removed: ${messageOf(error)}`);
    }
    for (const engine of this.#parts.engines()) {
      try {
        await cleanBackups(engine, this.#parts.rules(engine.replica.settings.group));
        if (engine.disk !== null) await removeLeftovers(engine.disk, Date.now());
      } catch (error) {
        this.#parts.log.warn(
          { ...engine.replica.shared.about },
          `what is no longer needed could not be removed: ${messageOf(error)}`,
        );
      }
    }
  }
}

/** The files first: a backup that is not listed could never be removed. */
async function cleanBackups(engine: MappingEngine, rules: BackupRules): Promise<void> {
  const { rows } = engine.replica.shared;
  const expired = await expiredBackups(rows, rules, Date.now());
  for (let at = 0; at < expired.length && engine.disk !== null; at += TOGETHER) {
    const ids = expired.slice(at, at + TOGETHER);
    await engine.disk.removeBackups(ids);
    engine.replica.shared.transact(() => {
      for (const id of ids) rows.deleteBackup(id);
    });
  }
}

/** Slow recurring work: backups and events that have served their time are removed. */
import type { Logger } from '../../util/log.ts';
import { messageOf } from '../../util/errors.ts';
import type { Audit } from './audit.ts';
import { expiredBackups, type BackupRules } from './sync/expired-backups.ts';
import type { MappingEngine } from './sync/mapping-engine.ts';

const EVERY = 10 * 60_000;

export interface HousekeepingParts {
  engines(): Iterable<MappingEngine>;
  rules(group: string): BackupRules;
  readonly audit: Audit;
  readonly log: Logger;
}

export class Housekeeping {
  readonly #parts: HousekeepingParts;
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: HousekeepingParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#clean(), EVERY);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  async #clean(): Promise<void> {
    this.#parts.audit.prune(Date.now());
    for (const engine of this.#parts.engines()) {
      try {
        await cleanBackups(engine, this.#parts.rules(engine.replica.settings.group));
      } catch (error) {
        this.#parts.log.warn(
          { ...engine.replica.shared.about },
          `old backups could not be removed: ${messageOf(error)}`,
        );
      }
    }
  }
}

/** The files first: a backup that is not listed could never be removed. */
async function cleanBackups(engine: MappingEngine, rules: BackupRules): Promise<void> {
  const { rows } = engine.replica.shared;
  const expired = expiredBackups(rows, rules, Date.now());
  if (expired.length === 0 || engine.disk === null) return;
  await engine.disk.removeBackups(expired);
  engine.replica.shared.transact(() => {
    for (const id of expired) rows.deleteBackup(id);
  });
}

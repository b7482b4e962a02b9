/**
 * Versions that were replaced lately: who had the file open may still write to them (replication.md 9.1, step 10). Each is
 * looked at once more when there has been time for that; after a restart it is not, the backup holds the bytes anyway.
 */
import type { Change } from '../apply/change.ts';
import type { RelPath, Value } from '../core/types.ts';
import { isLive } from '../core/value.ts';

/** ms */
const AFTER = 5000;
const MOST = 20_000;

export interface ReplacedVersion {
  readonly id: string;
  readonly path: RelPath;
  readonly value: Value;
}

export class SecondLooks {
  #waiting: (ReplacedVersion & { readonly due: number })[] = [];

  add(version: ReplacedVersion, now: number): void {
    if (this.#waiting.length < MOST) this.#waiting.push({ ...version, due: now + AFTER });
  }

  /** A change was made. What was deleted is not brought back by who goes on writing to it: it stays in the backup. */
  changed({ backupId, path, from, to }: Change, now: number): void {
    if (backupId === null || from?.kind !== 'file' || !isLive(to)) return;
    this.add({ id: backupId, path, value: from }, now);
  }

  /** In the order in which they were replaced. */
  takeDue(now: number): ReplacedVersion[] {
    const later = this.#waiting.findIndex((version) => version.due > now);
    return this.#waiting.splice(0, later === -1 ? this.#waiting.length : later);
  }

  nextDue(): number | null {
    return this.#waiting[0]?.due ?? null;
  }
}

/**
 * Versions that were replaced lately: who had the file open may still write to them (replication.md 9.1, step 10). Each is
 * looked at once more when there has been time for that; after a restart it is not, the backup holds the bytes anyway.
 */
import type { RelPath, Value } from '../core/types.ts';

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

  /** In the order in which they were replaced. */
  takeDue(now: number): ReplacedVersion[] {
    const later = this.#waiting.findIndex((version) => version.due > now);
    return this.#waiting.splice(0, later === -1 ? this.#waiting.length : later);
  }

  nextDue(): number | null {
    return this.#waiting[0]?.due ?? null;
  }
}

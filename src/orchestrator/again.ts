/**
 * Paths that must be looked at again, because they were in use or unreadable: each with a back-off of its own, so that a
 * file that never rests costs little and one that rests is taken soon.
 */
import type { DirtyPath } from '../backends/backend.ts';
import { backoffMs } from '../util/backoff.ts';
import type { Clock } from '../util/clock.ts';

const WAIT = { firstMs: 200, maxMs: 30_000 };
const MOST = 10_000;

interface Waiting {
  readonly dirty: DirtyPath;
  readonly attempt: number;
  readonly due: number;
}

export class Again {
  readonly #clock: Clock;
  readonly #release: (paths: readonly DirtyPath[]) => void;
  readonly #waiting = new Map<string, Waiting>();
  #cancel: (() => void) | null = null;

  /** @param release gets the paths whose time has come; what it does with them ends in `looked` */
  constructor(clock: Clock, release: (paths: readonly DirtyPath[]) => void) {
    this.#clock = clock;
    this.#release = release;
  }

  /** The paths that wait: shown as what is in use. */
  paths(): string[] {
    return [...this.#waiting.values()].map((waiting) => waiting.dirty.path);
  }

  /** These were looked at; `again` of them must be looked at once more. A null `looked` means the whole tree. */
  looked(looked: readonly DirtyPath[] | null, again: readonly DirtyPath[]): void {
    const attempts = new Map([...this.#waiting].map(([key, waiting]) => [key, waiting.attempt + 1]));
    if (looked === null) this.#waiting.clear();
    else for (const dirty of looked) this.#waiting.delete(keyOf(dirty));
    for (const dirty of again) this.#put(dirty, attempts.get(keyOf(dirty)) ?? 0);
    this.#arm();
  }

  clear(): void {
    this.#waiting.clear();
    this.#arm();
  }

  #put(dirty: DirtyPath, attempt: number): void {
    if (this.#waiting.size >= MOST) {
      // Bounded: beyond this many the whole tree is looked at instead.
      this.#waiting.clear();
      dirty = { path: '', scope: 'subtree' };
    }
    const due = this.#clock.now() + backoffMs(attempt, WAIT, this.#clock.random());
    this.#waiting.set(keyOf(dirty), { dirty, attempt, due });
  }

  #arm(): void {
    this.#cancel?.();
    this.#cancel = null;
    if (this.#waiting.size === 0) return;
    const next = Math.min(...dueTimes(this.#waiting));
    this.#cancel = this.#clock.after(Math.max(0, next - this.#clock.now()), () => this.#fire());
  }

  #fire(): void {
    this.#cancel = null;
    const now = this.#clock.now();
    const due = [...this.#waiting.values()].filter((waiting) => waiting.due <= now);
    // They stay, counted, until `looked` reports; without a report they are asked for once more after the longest wait.
    for (const waiting of due) {
      this.#waiting.set(keyOf(waiting.dirty), { ...waiting, due: now + WAIT.maxMs });
    }
    this.#arm();
    if (due.length > 0) this.#release(due.map((waiting) => waiting.dirty));
  }
}

function keyOf(dirty: DirtyPath): string {
  return `${dirty.scope}/${dirty.path}`;
}

function dueTimes(waiting: ReadonlyMap<string, Waiting>): number[] {
  return [...waiting.values()].map((entry) => entry.due);
}

import type { RelPath } from '../core/types.ts';

const FIRST = 200;
const LONGEST = 30_000;
const MOST = 10_000;

/** When a path that could not be read or written is tried again: doubling from 0.2 s to 30 s. Bounded. */
export class Retries {
  readonly #entries = new Map<RelPath, { tries: number; due: number }>();

  /** Notes another failure; false when there are too many to remember this one. */
  failed(path: RelPath, now: number): boolean {
    const tries = (this.#entries.get(path)?.tries ?? 0) + 1;
    if (!this.#entries.has(path) && this.#entries.size >= MOST) return false;
    this.#entries.set(path, { tries, due: now + Math.min(FIRST * 2 ** (tries - 1), LONGEST) });
    return true;
  }

  tries(path: RelPath): number {
    return this.#entries.get(path)?.tries ?? 0;
  }

  succeeded(path: RelPath): void {
    this.#entries.delete(path);
  }

  /** Paths that are due now; they stay counted until `succeeded`, and are due again only after another `failed`. */
  takeDue(now: number): RelPath[] {
    const due: RelPath[] = [];
    for (const [path, entry] of this.#entries) {
      if (entry.due > now) continue;
      due.push(path);
      entry.due = Infinity;
    }
    return due;
  }

  nextDue(): number | null {
    let next = Infinity;
    for (const { due } of this.#entries.values()) next = Math.min(next, due);
    return next === Infinity ? null : next;
  }
}

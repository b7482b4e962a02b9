/**
 * The one loop that owns the state: steps mappings and pumps rows to peers, a slice at a time, so that no mapping and no
 * peer waits for another longer than a slice.
 */
import type { MappingEngine } from './mapping-engine.ts';

/** ms after which other events of the process get their turn */
const SLICE = 8;
/** setTimeout counts in 32 bits */
const LONGEST_TIMER = 60_000;

export interface LoopParts {
  engines(): Iterable<MappingEngine>;
  /** Tells peers that they may send more, if they may. */
  credit(): void;
  now(): number;
}

export class ControlLoop {
  readonly #parts: LoopParts;
  #scheduled: NodeJS.Immediate | null = null;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(parts: LoopParts) {
    this.#parts = parts;
  }

  wake(): void {
    if (this.#stopped) return;
    this.#scheduled ??= setImmediate(() => this.#run());
  }

  stop(): void {
    this.#stopped = true;
    if (this.#scheduled !== null) clearImmediate(this.#scheduled);
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #run(): void {
    this.#scheduled = null;
    const end = performance.now() + SLICE;
    let more = false;
    for (const engine of this.#parts.engines()) engine.step();
    this.#parts.credit();
    do {
      more = false;
      for (const engine of this.#parts.engines()) {
        for (const peer of engine.replica.openPeers()) more = engine.pump(peer) || more;
      }
    } while (more && performance.now() < end);
    if (more) this.wake();
    else this.#sleep();
  }

  #sleep(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    let due = Infinity;
    for (const { replica } of this.#parts.engines()) due = Math.min(due, replica.nextDue() ?? Infinity);
    if (due === Infinity) return;
    this.#timer = setTimeout(
      () => this.wake(),
      Math.min(Math.max(due - this.#parts.now(), 1), LONGEST_TIMER),
    );
  }
}

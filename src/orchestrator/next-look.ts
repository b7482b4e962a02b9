/** When a mapping is looked at again by itself: the rescan, and the next try after a failure. */
import { backoffMs } from '../util/backoff.ts';
import type { Clock } from '../util/clock.ts';

const RETRY = { firstMs: 1_000, maxMs: 300_000 };
/** ms */
const HELD_RESCAN = 60_000;

export class NextLook {
  readonly #clock: Clock;
  readonly #rescanMs: number;
  readonly #look: () => void;
  #failures = 0;
  /** ms since 1970 */
  #lastFall = -Infinity;
  #cancelRetry: (() => void) | null = null;
  #cancelRescan: (() => void) | null = null;

  constructor(clock: Clock, rescanMs: number, look: () => void) {
    this.#clock = clock;
    this.#rescanMs = rescanMs;
    this.#look = look;
  }

  /** A look at the whole tree came to its end. */
  scanned(isHeld: boolean): void {
    // A mapping that falls soon after each good look is tried less and less often.
    if (this.#clock.now() - this.#lastFall > 2 * RETRY.maxMs) this.#failures = 0;
    this.rescan(isHeld);
  }

  rescan(isHeld: boolean): void {
    this.#cancelRescan?.();
    // Between three quarters and five quarters of the period, so that nodes and mappings do not rescan together.
    // What is held may have been mended by hand: that is looked for more often.
    const period = isHeld ? Math.min(HELD_RESCAN, this.#rescanMs) : this.#rescanMs;
    this.#cancelRescan = this.#clock.after(period * (0.75 + this.#clock.random() / 2), this.#look);
  }

  retry(): void {
    const wait = backoffMs(this.#failures, RETRY, this.#clock.random());
    this.#failures += 1;
    this.giveUpRetry();
    this.#cancelRetry = this.#clock.after(wait, this.#look);
  }

  giveUpRetry(): void {
    this.#cancelRetry?.();
  }

  /** The mapping failed by itself, between two looks. */
  fell(): void {
    this.#lastFall = this.#clock.now();
  }

  stop(): void {
    this.#cancelRetry?.();
    this.#cancelRescan?.();
  }
}

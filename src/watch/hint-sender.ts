/**
 * Sends a host's hints to the daemon, one message under way at a time, and the further apart the longer they go on: a lone
 * change is told of at once, a flood costs neither side a message a file. What comes meanwhile is gathered in bounded memory.
 */
import { systemClock, type BatchClock } from './batcher.ts';
import type { Hint } from './hint.ts';
import { HintSet } from './hint-set.ts';

const LIMIT = 20_000;
/** the longest wait between two messages */
const GAP_MS = 25;
/** a pause after which the next hint is a lone one again */
const PAUSE_MS = 50;

export class HintSender {
  readonly #send: (hints: readonly Hint[], sent: () => void) => void;
  readonly #mayNow: () => boolean;
  readonly #clock: BatchClock;
  readonly #hints = new HintSet(LIMIT);
  #scheduled = false;
  #gapMs = 0;
  #sentAt = -Infinity;

  /** @param mayNow asked before each message: false drops what was gathered */
  constructor(
    send: (hints: readonly Hint[], sent: () => void) => void,
    mayNow: () => boolean,
    clock: BatchClock = systemClock,
  ) {
    this.#send = send;
    this.#mayNow = mayNow;
    this.#clock = clock;
  }

  readonly add = (hint: Hint): void => {
    this.#hints.add(hint);
    this.#schedule();
  };

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const quietMs = this.#clock.monotonic() - this.#sentAt;
    if (quietMs > PAUSE_MS) this.#gapMs = 0;
    this.#clock.after(this.#gapMs - quietMs, () => this.#flush());
  }

  #flush(): void {
    const hints = this.#hints.take();
    if (hints.length === 0 || !this.#mayNow()) {
      this.#scheduled = false;
      return;
    }
    this.#sentAt = this.#clock.monotonic();
    this.#gapMs = Math.min(2 * this.#gapMs + 1, GAP_MS);
    this.#send(hints, () => {
      this.#scheduled = false;
      if (this.#hints.size > 0) this.#schedule();
    });
  }
}

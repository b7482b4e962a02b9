/**
 * Sends a host's hints to the daemon, one message under way at a time: what comes meanwhile is gathered in bounded
 * memory, so a daemon that is busy costs neither side more.
 */
import type { Hint } from './hint.ts';
import { HintSet } from './hint-set.ts';

const LIMIT = 20_000;

export class HintSender {
  readonly #send: (hints: readonly Hint[], sent: () => void) => void;
  readonly #mayNow: () => boolean;
  readonly #hints = new HintSet(LIMIT);
  #scheduled = false;

  /** @param mayNow asked before each message: false drops what was gathered */
  constructor(send: (hints: readonly Hint[], sent: () => void) => void, mayNow: () => boolean) {
    this.#send = send;
    this.#mayNow = mayNow;
  }

  readonly add = (hint: Hint): void => {
    this.#hints.add(hint);
    this.#schedule();
  };

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    const hints = this.#hints.take();
    if (hints.length === 0 || !this.#mayNow()) {
      this.#scheduled = false;
      return;
    }
    this.#send(hints, () => {
      this.#scheduled = false;
      if (this.#hints.size > 0) this.#schedule();
    });
  }
}

/** How fast events come, and whether so fast that some may have been lost on the way. Pure; times are monotonic ms. */

const WINDOW_MS = 1_000;
const FAST_EVENTS = 200;
const LARGE_BATCH = 500;

/**
 * `calm`; `fast`: single events may be missing, which a sweep of the directories finds (of changes in place: a look at the
 * directories that had events); `flood`: the kernel's queue may have overflowed.
 */
export type Verdict = 'calm' | 'fast' | 'flood';

export class Pace {
  readonly #queueLimit: number;
  #windowStart = -Infinity;
  #inWindow = 0;

  /** @param queueLimit fs.inotify.max_queued_events as it was when the host began */
  constructor(queueLimit: number) {
    this.#queueLimit = queueLimit;
  }

  /** One batch of events came at `now`. */
  batch(events: number, now: number): Verdict {
    if (now - this.#windowStart > WINDOW_MS) {
      this.#windowStart = now;
      this.#inWindow = 0;
    }
    this.#inWindow += events;
    // A deep queue overflows only in a stall, which the canary notices; a short one within a fraction of a second.
    if (this.#queueLimit < DEEP_QUEUE && this.#inWindow > this.#queueLimit / 4) return 'flood';
    // A batch without events had some that cancelled each other out, and perhaps did not.
    if (events === 0 || events > LARGE_BATCH || this.#inWindow > FAST_EVENTS) return 'fast';
    return 'calm';
  }

  /** ms that the host or its canary may be late before an overflow has to be feared. */
  get stallMs(): number {
    return this.#queueLimit < DEEP_QUEUE ? 1_000 : 4_000;
  }
}

/** From this length on, no overflow within `stallMs` at 200,000 events a second. */
export const DEEP_QUEUE = 1_000_000;

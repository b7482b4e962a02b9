/** Notices that a time of much work is over: what it needed is given back, for it may be hours until the next. */

/** ms between two looks */
const PERIOD = 10_000;
/** of them in work, at the most, ms: then it rests */
const RESTING = 300;
/** of work, ms, that are worth it */
const WORTH = 2_000;

export class Rest {
  readonly #onRest: () => void;
  readonly #worked: () => number;
  #timer: NodeJS.Timeout | null = null;
  #restedAt = 0;
  #lookedAt = 0;

  /** @param worked CPU time of this process, ms */
  constructor(onRest: () => void, worked: () => number = cpuTime) {
    this.#onRest = onRest;
    this.#worked = worked;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), PERIOD).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  #look(): void {
    const now = this.#worked();
    const isResting = now - this.#lookedAt < RESTING;
    this.#lookedAt = now;
    if (!isResting || now - this.#restedAt < WORTH) return;
    this.#onRest();
    this.#restedAt = this.#worked();
  }
}

/** CPU time of all threads, ms. */
function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

interface Waiter {
  readonly bytes: number;
  readonly live: () => boolean;
  readonly resolve: () => void;
}

/** How many ms of a rate may be used at once after a pause. */
const BURST_MS = 250;

/**
 * Holds a rate in bytes a second over all who share it, first come, first served. Whatever is asked for is given once
 * anything is there, and is paid for by those who come after, so that frames may be larger than the burst.
 */
export class TokenBucket {
  #rate = 0;
  #tokens = 0;
  #updated = performance.now();
  #waiters: Waiter[] = [];
  #timer: NodeJS.Timeout | null = null;

  /** @param rate bytes a second, 0 = none */
  constructor(rate: number) {
    this.setRate(rate);
  }

  get limited(): boolean {
    return this.#rate > 0;
  }

  /** Takes effect at once, also for those who wait. */
  setRate(rate: number): void {
    this.#refill();
    this.#rate = rate;
    this.#tokens = rate > 0 ? Math.min(this.#tokens, this.#burst()) : 0;
    this.#serve();
  }

  /**
   * Resolves when so many bytes may go; null when they may go now.
   * @param live asked before the bytes are charged: false gives up the place in the queue
   */
  take(bytes: number, live: () => boolean): Promise<void> | null {
    this.#refill();
    if (this.#waiters.length === 0 && this.#pay(bytes)) return null;
    return new Promise((resolve) => {
      this.#waiters.push({ bytes, live, resolve });
      this.#serve();
    });
  }

  #pay(bytes: number): boolean {
    if (this.#rate === 0) return true;
    if (this.#tokens < 0) return false;
    this.#tokens -= bytes;
    return true;
  }

  #serve(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#refill();
    for (let head = this.#waiters[0]; head !== undefined; head = this.#waiters[0]) {
      if (head.live() && !this.#pay(head.bytes)) break;
      this.#waiters.shift();
      head.resolve();
    }
    if (this.#waiters.length > 0) {
      const waitMs = Math.ceil((-this.#tokens / this.#rate) * 1000);
      this.#timer = setTimeout(() => this.#serve(), waitMs);
      this.#timer.unref();
    }
  }

  #refill(): void {
    const now = performance.now();
    const gained = ((now - this.#updated) / 1000) * this.#rate;
    this.#updated = now;
    this.#tokens = Math.min(this.#burst(), this.#tokens + gained);
  }

  #burst(): number {
    return (this.#rate * BURST_MS) / 1000;
  }
}

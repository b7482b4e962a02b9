/**
 * Suspicions that events were lost. Each one costs a full scan, so a run of them is told once at its beginning, and once
 * after a while, so that a scan begins after what it is to find.
 */
const APART_MS = 10_000;

export class Suspicions {
  readonly #tell: (reason: string) => void;
  #toldAt = -Infinity;
  #timer: NodeJS.Timeout | null = null;

  constructor(tell: (reason: string) => void) {
    this.#tell = tell;
  }

  add(reason: string): void {
    if (this.#timer !== null) return;
    const wait = Math.max(0, this.#toldAt + APART_MS - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#toldAt = performance.now();
      this.#tell(reason);
    }, wait);
  }
}

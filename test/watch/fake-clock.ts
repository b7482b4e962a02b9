import type { BatchClock } from '../../src/watch/batcher.ts';

export const WALL = 1_000_000;

/** Time that passes only when it is told to. */
export class FakeClock implements BatchClock {
  now = 0;
  timers: { at: number; callback: () => void }[] = [];

  monotonic(): number {
    return this.now;
  }
  wall(): number {
    return WALL + this.now;
  }
  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.now + ms, callback };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }
  advance(to: number): void {
    for (;;) {
      const due = this.timers.filter(({ at }) => at <= to).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.timers = this.timers.filter((timer) => timer !== due);
      this.now = Math.max(this.now, due.at);
      due.callback();
    }
    this.now = to;
  }
}

/** Virtual time: events run in the order of their due time, those of one millisecond in an order the seed decides. */
import type { Random } from './random.ts';

interface Due {
  readonly at: number;
  readonly tie: number;
  readonly run: () => void;
  readonly background: boolean;
  cancelled: boolean;
}

export interface Timer {
  cancel(): void;
}

export class Scheduler {
  /** ms since 1970 */
  private time: number;
  private readonly random: Random;
  private readonly heap: Due[] = [];
  /** events run so far */
  executed = 0;
  /** events to come, but for those that come again for ever */
  foreground = 0;

  constructor(random: Random, start: number) {
    this.random = random;
    this.time = start;
  }

  now(): number {
    return this.time;
  }

  after(delayMs: number, run: () => void, background = false): Timer {
    const due: Due = {
      at: this.time + delayMs,
      tie: this.random.uint32(),
      run,
      background,
      cancelled: false,
    };
    this.push(due);
    if (!background) this.foreground++;
    return {
      cancel: () => {
        if (due.cancelled) return;
        due.cancelled = true;
        if (!background) this.foreground--;
      },
    };
  }

  /** Runs the next event; false when there is none before `until`, and then the time is `until`. */
  step(until: number): boolean {
    for (;;) {
      const next = this.heap[0];
      if (next === undefined || next.at > until) {
        this.time = Math.max(this.time, until);
        return false;
      }
      this.pop();
      if (next.cancelled) continue;
      this.time = next.at;
      this.executed++;
      next.cancelled = true;
      if (!next.background) this.foreground--;
      next.run();
      return true;
    }
  }

  /** Runs until nothing but background events is left; false when there still is at `until`. */
  settle(until: number): boolean {
    while (this.foreground > 0) if (!this.step(until)) return false;
    return true;
  }

  runUntil(until: number): void {
    while (this.step(until));
  }

  private push(due: Due): void {
    const heap = this.heap;
    let at = heap.length;
    heap.push(due);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up] as Due;
      if (!before(due, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = due;
  }

  private pop(): void {
    const heap = this.heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Due, heap[child] as Due)) child++;
      const candidate = heap[child] as Due;
      if (!before(candidate, last)) break;
      heap[at] = candidate;
      at = child;
    }
    heap[at] = last;
  }
}

function before(a: Due, b: Due): boolean {
  return a.at !== b.at ? a.at < b.at : a.tie < b.tie;
}

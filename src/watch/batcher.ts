/**
 * Gathers a mapping's hints into batches: one is ready after `delayMs` without a new hint, and at the latest `maxDelayMs`
 * after its first one. With `delayMs: 0` it is ready at the end of the current turn of the event loop.
 */
import type { Hint } from './hint.ts';
import { HintSet } from './hint-set.ts';

export interface Batcher {
  add(hints: readonly Hint[]): void;
  /** Forgets what was gathered. */
  clear(): void;
}

export interface BatcherOptions {
  readonly delayMs: number;
  readonly maxDelayMs: number;
  /** @param since ms since 1970 of the batch's first hint */
  readonly onBatch: (paths: readonly Hint[], since: number) => void;
  /** most places kept apart before they are made coarser */
  readonly limit?: number;
}

export interface BatchClock {
  /** ms, unaffected by changes of the clock */
  monotonic(): number;
  /** ms since 1970 */
  wall(): number;
  /** Calls back after `ms` (0 = at the end of this turn); returns what cancels it. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: BatchClock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  after(ms, callback) {
    if (ms <= 0) {
      const immediate = setImmediate(callback);
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(callback, Math.ceil(ms));
    return () => clearTimeout(timer);
  },
};

export function createBatcher(options: BatcherOptions, clock: BatchClock = systemClock): Batcher {
  const { delayMs, maxDelayMs, onBatch, limit = 20_000 } = options;
  const hints = new HintSet(limit);
  let first = 0;
  let last = 0;
  let since = 0;
  let cancel: (() => void) | null = null;

  const due = (): number => Math.min(last + delayMs, first + maxDelayMs);

  // One timer a batch, set anew only when it fires too early: a flood of hints must not be a flood of timers.
  function wake(): void {
    const wait = due() - clock.monotonic();
    if (wait > 0) {
      cancel = clock.after(wait, wake);
      return;
    }
    cancel = null;
    onBatch(hints.take(), since);
  }

  return {
    add(more) {
      if (more.length === 0) return;
      last = clock.monotonic();
      for (const hint of more) hints.add(hint);
      if (cancel !== null) return;
      first = last;
      since = clock.wall();
      cancel = clock.after(Math.min(delayMs, maxDelayMs), wake);
    },
    clear() {
      cancel?.();
      cancel = null;
      hints.clear();
    },
  };
}

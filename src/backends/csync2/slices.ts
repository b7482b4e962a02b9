/** Long work on the control loop, in slices between which everything else gets its turn. */
import { setImmediate } from 'node:timers/promises';

const SLICE_MS = 6;
/** A list of so many sorts in a slice. */
const RUN = 2000;

export class Slices {
  readonly #signal: AbortSignal;
  #end = performance.now() + SLICE_MS;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.throwIfAborted();
  }

  /** To be followed by `rest` when true. */
  get isOver(): boolean {
    return performance.now() >= this.#end;
  }

  /** Rejects with the signal's reason when it is aborted. */
  async rest(): Promise<void> {
    await setImmediate();
    this.#signal.throwIfAborted();
    this.#end = performance.now() + SLICE_MS;
  }

  /** By `key`, in byte order: runs that are sorted in a slice each, then merged. */
  async sort<T extends { readonly key: string }>(items: T[]): Promise<T[]> {
    if (items.length <= RUN) return items.sort(byKey);
    let runs: T[][] = [];
    for (let at = 0; at < items.length; at += RUN) {
      runs.push(items.slice(at, at + RUN).sort(byKey));
      if (this.isOver) await this.rest();
    }
    while (runs.length > 1) {
      const merged: T[][] = [];
      for (let at = 0; at < runs.length; at += 2)
        merged.push(await this.#merge(runs[at] ?? [], runs[at + 1] ?? []));
      runs = merged;
    }
    return runs[0] ?? [];
  }

  async #merge<T extends { readonly key: string }>(a: T[], b: T[]): Promise<T[]> {
    const merged: T[] = [];
    let [i, j] = [0, 0];
    for (;;) {
      const [x, y] = [a[i], b[j]];
      const next = x !== undefined && (y === undefined || x.key <= y.key) ? x : y;
      if (next === undefined) return merged;
      if (next === x) i++;
      else j++;
      merged.push(next);
      if (merged.length % RUN === 0 && this.isOver) await this.rest();
    }
  }
}

function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

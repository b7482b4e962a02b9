/**
 * The lane of one mapping: one look at the disk at a time, in order. A look that was abandoned reports nothing, even
 * when it ends well: its signal is asked after each wait.
 */
import PQueue from 'p-queue';
import type { Backend, DirtyPath, HoldReason, LookResult } from '../backends/backend.ts';
import { HintSet } from '../watch/hint-set.ts';
import { Again } from './again.ts';
import type { Clock } from '../util/clock.ts';

export interface LaneOptions {
  readonly mapping: string;
  readonly backend: Backend;
  readonly clock: Clock;
  readonly onScanned: (result: LookResult) => void;
  readonly onTaken: (result: LookResult) => void;
  readonly onFailed: (error: unknown) => void;
}

/** Places kept apart while a look is under way; beyond it they become coarser. */
const GATHERED = 20_000;

export class Lane {
  readonly #options: LaneOptions;
  readonly #queue = new PQueue({ concurrency: 1 });
  readonly #again: Again;
  readonly #gathered = new HintSet(GATHERED);
  #gatheredSince = 0;
  #takeQueued = false;
  #looking = new AbortController();
  #lost: HoldReason | null = null;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#again = new Again(options.clock, (paths) => this.take(paths, options.clock.now()));
  }

  /** Byte paths that were in use or unreadable and wait for another look. */
  busy(): string[] {
    return this.#again.paths();
  }

  idle(): Promise<void> {
    return this.#queue.onIdle();
  }

  /** Attaches the mapping, which does nothing when it is, then compares the whole tree. */
  scan(): void {
    void this.#enqueue((signal) => this.#scan(signal));
  }

  /** Looks at these paths after what is under way; what gathers until then is one batch. */
  take(paths: readonly DirtyPath[], since: number): void {
    if (this.#gathered.size === 0) this.#gatheredSince = since;
    for (const dirty of paths) this.#gathered.add(dirty);
    if (this.#takeQueued) return;
    this.#takeQueued = true;
    void this.#enqueue(async (signal) => {
      this.#takeQueued = false;
      await this.#take(this.#gathered.take(), this.#gatheredSince, signal);
    });
  }

  /** The same for a person who waits: null when the look failed or was given up. */
  async takeNow(paths: readonly DirtyPath[]): Promise<LookResult | null> {
    let result: LookResult | null = null;
    await this.#enqueue(async (signal) => {
      result = await this.#take(paths, this.#options.clock.now(), signal);
    });
    return result;
  }

  /** Gives up what is looked at and forgets what was to be looked at. */
  abandon(): void {
    this.#looking.abort();
    this.#looking = new AbortController();
    this.#gathered.clear();
    this.#takeQueued = false;
    this.#again.clear();
  }

  detach(reason: HoldReason): void {
    this.#lost = reason;
    this.#options.backend.detach(this.#options.mapping, reason);
  }

  /** The root is watched again: the next scan attaches. */
  found(): void {
    this.#lost = null;
  }

  async #enqueue(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this.#looking;
    await this.#queue.add(async () => {
      if (!signal.aborted) await work(signal);
    });
  }

  async #scan(signal: AbortSignal): Promise<void> {
    const { backend, mapping } = this.#options;
    try {
      await backend.attach(mapping);
      // RACE: the root may be lost while it is being attached; the backend hears of the loss once more, after it.
      if (this.#lost !== null) backend.detach(mapping, this.#lost);
      if (signal.aborted) return;
      const result = await backend.reconcile(mapping, signal);
      if (signal.aborted) return;
      this.#again.looked(null, result.again);
      this.#options.onScanned(result);
    } catch (error) {
      if (!signal.aborted) this.#options.onFailed(error);
    }
  }

  async #take(paths: readonly DirtyPath[], since: number, signal: AbortSignal): Promise<LookResult | null> {
    const { backend, mapping } = this.#options;
    try {
      const result = await backend.take({ mapping, paths, since }, signal);
      if (signal.aborted) return null;
      this.#again.looked(paths, result.again);
      this.#options.onTaken(result);
      return result;
    } catch (error) {
      if (!signal.aborted) this.#options.onFailed(error);
      return null;
    }
  }
}

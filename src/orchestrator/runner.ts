/**
 * Runs one mapping: its watcher, its batches, its lane. The lane does one look at a time, in order; other mappings have
 * lanes of their own, so a slow one delays no other. What to do when is decided in life.ts; here it is done.
 */
import PQueue from 'p-queue';
import type { Backend, DirtyPath, HoldReason, LookResult } from '../backends/backend.ts';
import type { Mapping } from '../config/model.ts';
import { backoffMs } from '../util/backoff.ts';
import { textToBytes } from '../util/bytes.ts';
import { assertNever } from '../util/errors.ts';
import type { Logger } from '../util/log.ts';
import type { Watcher, WatcherEvent, WatcherOptions, WatcherStatus } from '../watch/watcher.ts';
import { Again } from './again.ts';
import type { Clock } from './clock.ts';
import { classify, type Failure } from './failures.ts';
import { born, step, takesHints, type Effect, type Life, type LifeEvent } from './life.ts';

/** Gathers hints until they rest (`delayMs`) or the oldest is `maxDelayMs` old. */
export interface Batcher {
  add(hints: readonly DirtyPath[]): void;
  clear(): void;
}

export interface BatcherOptions {
  readonly delayMs: number;
  readonly maxDelayMs: number;
  readonly onBatch: (paths: readonly DirtyPath[], since: number) => void;
}

export interface RunnerOptions {
  readonly group: string;
  readonly mapping: Mapping;
  readonly backend: Backend;
  readonly createWatcher: (options: WatcherOptions) => Watcher;
  readonly createBatcher: (options: BatcherOptions) => Batcher;
  readonly clock: Clock;
  readonly log: Logger;
  /** The daemon must not go on. */
  readonly onFatal: (failure: Failure) => void;
}

/** What a person's wish to look came to. */
export type Looked =
  | { readonly kind: 'looked'; readonly changed: number; readonly busy: readonly string[] }
  | { readonly kind: 'unable'; readonly reason: HoldReason };

export interface RunnerStatus {
  readonly life: Life;
  readonly watcher: WatcherStatus;
  /** what works only in part, from the watcher */
  readonly limits: readonly HoldReason[];
  /** ms since 1970 */
  readonly lastScan: number | null;
  readonly busy: readonly string[];
}

const RETRY = { firstMs: 1_000, maxMs: 300_000 };

export class MappingRunner {
  readonly mapping: Mapping;
  readonly #options: RunnerOptions;
  readonly #lane = new PQueue({ concurrency: 1 });
  readonly #watcher: Watcher;
  readonly #batcher: Batcher;
  readonly #again: Again;
  readonly #limits = new Map<string, HoldReason>();
  readonly #listeners = new Set<() => void>();
  readonly #placed = Promise.withResolvers<void>();
  #life: Life = born;
  #attached = false;
  #lost: HoldReason | null = null;
  #looking = new AbortController();
  #gathered = new Map<string, DirtyPath>();
  #gatheredSince = 0;
  #takeQueued = false;
  #failures = 0;
  #scans = 0;
  #scanChanged = 0;
  #lastScan: number | null = null;
  #cancelRetry: (() => void) | null = null;
  #cancelRescan: (() => void) | null = null;
  #stopped = false;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.mapping = options.mapping;
    this.#again = new Again(options.clock, (paths) => this.#gather(paths, options.clock.now()));
    this.#batcher = options.createBatcher({
      delayMs: this.mapping.delayMs,
      maxDelayMs: this.mapping.maxDelayMs,
      onBatch: (paths, since) => this.#gather(paths, since),
    });
    this.#watcher = options.createWatcher({
      root: textToBytes(this.mapping.path),
      hidden: ['.csyncd'],
      selection: { exclude: this.mapping.exclude, include: this.mapping.include },
      onEvent: (event) => this.#heard(event),
    });
  }

  start(): void {
    this.#watcher.start();
  }

  /** Takes no more work and waits for the look that is under way; the backend is left as it is. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRetry?.();
    this.#cancelRescan?.();
    this.#abandon();
    this.#placed.resolve();
    for (const listener of this.#listeners) listener();
    await Promise.all([this.#watcher.stop(), this.#lane.onIdle()]);
  }

  /** Resolves once the root is watched, or known to be missing. */
  placed(): Promise<void> {
    return this.#placed.promise;
  }

  pause(): void {
    this.#happen({ kind: 'pause' });
  }

  resume(): void {
    this.#happen({ kind: 'resume' });
  }

  status(): RunnerStatus {
    return {
      life: this.#life,
      watcher: this.#watcher.status(),
      limits: [...this.#limits.values()],
      lastScan: this.#lastScan,
      busy: this.#again.paths(),
    };
  }

  /**
   * Looks now at these paths and below them, or at everything; resolves when that is done. Waits for a first scan that
   * is under way.
   */
  async look(paths: readonly string[] | null, signal: AbortSignal): Promise<Looked> {
    if (paths !== null && takesHints(this.#life)) {
      const dirty = paths.map((path) => ({ path, scope: 'subtree' as const }));
      let result: LookResult | null = null;
      await this.#lane.add(async () => {
        result = await this.#take(dirty, this.#options.clock.now());
      });
      if (result !== null)
        return { kind: 'looked', changed: (result as LookResult).changed, busy: this.#again.paths() };
    } else if (this.#unable() === null || this.#life.kind === 'failed') {
      const before = this.#scans;
      this.#happen({ kind: 'look' });
      await this.#until(
        () => (this.#scans > before && this.#life.kind !== 'scanning') || this.#unable() !== null,
        signal,
      );
    }
    const reason = this.#unable();
    if (reason !== null) return { kind: 'unable', reason };
    return { kind: 'looked', changed: this.#scanChanged, busy: this.#again.paths() };
  }

  /** Why this mapping cannot be looked at now, or null. */
  #unable(): HoldReason | null {
    const life = this.#life;
    if (this.#stopped)
      return { code: 'stopping', message: 'the daemon is stopping', hint: 'try again when it runs' };
    if (life.kind === 'missing') return life.reason;
    if (life.kind === 'failed') return life.failure.reason;
    if (life.kind === 'paused') return { code: 'paused', message: 'it is paused', hint: 'csyncd resume' };
    return null;
  }

  #heard(event: WatcherEvent): void {
    if (this.#stopped) return;
    switch (event.kind) {
      case 'hints':
        if (takesHints(this.#life)) this.#batcher.add(event.hints);
        return;
      case 'covered':
        this.#lost = null;
        this.#limits.clear();
        this.#happen({ kind: 'covered' });
        this.#placed.resolve();
        return;
      case 'suspicion':
        this.#options.log.debug(
          { reason: event.reason },
          'events may have been lost: comparing the whole tree',
        );
        this.#happen({ kind: 'look' });
        return;
      case 'root-lost':
        this.#happen({ kind: 'root-lost', reason: rootLost(this.mapping, event.reason) });
        this.#placed.resolve();
        return;
      case 'root-back':
        this.#options.log.info('the root is back');
        return;
      case 'degraded': {
        const { code, message, hint } = event;
        if (!this.#limits.has(code)) this.#options.log.warn({ code, hint }, message);
        this.#limits.set(code, { code, message, hint });
        return;
      }
      default:
        assertNever(event);
    }
  }

  #happen(event: LifeEvent): void {
    if (this.#stopped) return;
    const before = this.#life;
    const { next, effects } = step(before, event);
    this.#life = next;
    if (next.kind !== 'failed') {
      this.#cancelRetry?.();
      this.#cancelRetry = null;
    }
    tell(this.#options.log, before, next);
    for (const effect of effects) this.#do(effect);
    for (const listener of this.#listeners) listener();
  }

  #do(effect: Effect): void {
    switch (effect.kind) {
      case 'scan':
        this.#enqueue((signal) => this.#scan(signal));
        return;
      case 'abandon':
        this.#abandon();
        return;
      case 'detach':
        this.#lost = effect.reason;
        this.#attached = false;
        this.#options.backend.detach(this.mapping.name, effect.reason);
        return;
      case 'pause-backend':
        this.#options.backend.pauseMapping(this.mapping.name, effect.paused);
        return;
      case 'retry-later': {
        const wait = backoffMs(this.#failures, RETRY, this.#options.clock.random());
        this.#failures += 1;
        this.#cancelRetry?.();
        this.#cancelRetry = this.#options.clock.after(wait, () => this.#happen({ kind: 'look' }));
        return;
      }
      case 'fatal':
        this.#options.onFatal(effect.failure);
        return;
      default:
        assertNever(effect);
    }
  }

  // What was abandoned reports nothing, even when it ends well: its signal is looked at after each wait.
  #abandon(): void {
    this.#looking.abort();
    this.#looking = new AbortController();
    this.#gathered.clear();
    this.#batcher.clear();
    this.#again.clear();
  }

  #enqueue(work: (signal: AbortSignal) => Promise<void>): void {
    const { signal } = this.#looking;
    void this.#lane.add(async () => {
      if (!signal.aborted) await work(signal);
    });
  }

  async #scan(signal: AbortSignal): Promise<void> {
    const { backend, clock } = this.#options;
    try {
      if (!this.#attached) {
        await backend.attach(this.mapping.name);
        // RACE: the root may be lost while it is being attached; the backend hears of the loss once more, after it.
        if (this.#lost === null) this.#attached = true;
        else backend.detach(this.mapping.name, this.#lost);
        if (signal.aborted) return;
      }
      const result = await backend.reconcile(this.mapping.name, signal);
      if (signal.aborted) return;
      this.#failures = 0;
      this.#scans += 1;
      this.#scanChanged = result.changed;
      this.#lastScan = clock.now();
      this.#again.looked(null, result.again);
      this.#rescanLater();
      this.#happen({ kind: 'scanned', held: result.held });
    } catch (error) {
      if (!signal.aborted) this.#happen({ kind: 'failed', failure: classify(error) });
    }
  }

  #gather(paths: readonly DirtyPath[], since: number): void {
    if (this.#stopped || !takesHints(this.#life)) return;
    if (this.#gathered.size === 0) this.#gatheredSince = since;
    for (const dirty of paths) this.#gathered.set(`${dirty.scope}/${dirty.path}`, dirty);
    if (this.#takeQueued) return;
    this.#takeQueued = true;
    // Not bound to a signal: an abandoned look empties what was gathered, and an empty take does nothing.
    void this.#lane.add(async () => {
      this.#takeQueued = false;
      const gathered = [...this.#gathered.values()];
      this.#gathered.clear();
      if (gathered.length > 0) await this.#take(gathered, this.#gatheredSince);
    });
  }

  /** Null when it failed or was given up. */
  async #take(paths: readonly DirtyPath[], since: number): Promise<LookResult | null> {
    const { signal } = this.#looking;
    if (!takesHints(this.#life)) return null;
    try {
      const result = await this.#options.backend.take({ mapping: this.mapping.name, paths, since }, signal);
      if (signal.aborted) return null;
      this.#again.looked(paths, result.again);
      this.#happen({ kind: 'taken', held: result.held });
      return result;
    } catch (error) {
      if (!signal.aborted) this.#happen({ kind: 'failed', failure: classify(error) });
      return null;
    }
  }

  #rescanLater(): void {
    const { clock } = this.#options;
    this.#cancelRescan?.();
    // Between three quarters and five quarters of the period, so that nodes and mappings do not rescan together.
    const wait = this.mapping.rescanMs * (0.75 + clock.random() / 2);
    this.#cancelRescan = clock.after(wait, () => this.#happen({ kind: 'look' }));
  }

  #until(holds: () => boolean, signal: AbortSignal): Promise<void> {
    if (holds()) return Promise.resolve();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = (): void => {
      if (holds()) resolve();
    };
    const giveUp = (): void => reject(signal.reason);
    this.#listeners.add(check);
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    return promise.finally(() => {
      this.#listeners.delete(check);
      signal.removeEventListener('abort', giveUp);
    });
  }
}

function rootLost(mapping: Mapping, reason: string): HoldReason {
  return {
    code: 'root-lost',
    message: reason,
    hint: `mount or create ${mapping.path}; nothing is taken for deleted meanwhile`,
  };
}

/** One line a change of state, none a retry. */
function tell(log: Logger, before: Life, next: Life): void {
  switch (next.kind) {
    case 'live':
      if (before.kind === 'scanning' && before.held === null) log.debug('live');
      else log.info('live');
      return;
    case 'held':
      if (before.kind !== 'held')
        log.warn({ code: next.reason.code, hint: next.reason.hint }, next.reason.message);
      return;
    case 'missing':
      if (before.kind !== 'missing') log.warn({ hint: next.reason.hint }, next.reason.message);
      return;
    case 'failed': {
      const { code, message, hint } = next.failure.reason;
      log.error({ code, hint }, message);
      return;
    }
    case 'paused':
      if (before.kind !== 'paused') log.info('paused');
      return;
    case 'starting':
    case 'scanning':
      return;
    default:
      assertNever(next);
  }
}

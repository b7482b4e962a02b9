/**
 * Runs one mapping: its watcher, its batches, its lane, its timers. What to do when is decided in life.ts; here it is
 * done.
 */
import type { Backend, HoldReason } from '../backends/backend.ts';
import type { Mapping } from '../config/model.ts';
import { textToBytes } from '../util/bytes.ts';
import { assertNever } from '../util/errors.ts';
import type { Logger } from '../util/log.ts';
import type { Batcher, BatcherOptions } from '../watch/batcher.ts';
import type { Watcher, WatcherEvent, WatcherOptions, WatcherStatus } from '../watch/watcher.ts';
import type { Clock } from '../util/clock.ts';
import { classify, type Failure } from './failures.ts';
import { Lane } from './lane.ts';
import { born, step, takesHints, type Effect, type Life, type LifeEvent } from './life.ts';
import { NextLook } from './next-look.ts';
import { tellLife } from './tell.ts';

export interface RunnerOptions {
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
  | {
      readonly kind: 'looked';
      readonly changed: number;
      readonly busy: readonly string[];
      /** what was found and is kept back until a person decides */
      readonly held: HoldReason | null;
    }
  | { readonly kind: 'unable'; readonly reason: HoldReason };

export interface RunnerStatus {
  readonly life: Life;
  readonly watcher: WatcherStatus;
  /** what works only in part, from the watcher */
  readonly limits: readonly HoldReason[];
  /** ms since 1970 */
  readonly lastScan: number | null;
}

export class MappingRunner {
  readonly mapping: Mapping;
  readonly #options: RunnerOptions;
  readonly #lane: Lane;
  readonly #watcher: Watcher;
  readonly #batcher: Batcher;
  readonly #next: NextLook;
  readonly #limits = new Map<string, HoldReason>();
  readonly #toldLimits = new Set<string>();
  readonly #listeners = new Set<() => void>();
  readonly #placed = Promise.withResolvers<void>();
  #life: Life = born;
  #told = '';
  #scans = 0;
  #scanChanged = 0;
  #lastScan: number | null = null;
  #stopped = false;

  constructor(options: RunnerOptions) {
    this.#options = options;
    const { mapping, backend, clock } = options;
    this.mapping = mapping;
    this.#next = new NextLook(clock, mapping.rescanMs, () => this.#happen({ kind: 'look' }));
    this.#lane = new Lane({
      mapping: mapping.name,
      backend,
      clock,
      onScanned: (result) => {
        this.#scans += 1;
        this.#scanChanged = result.changed;
        this.#lastScan = clock.now();
        this.#next.scanned(result.held !== null);
        this.#happen({ kind: 'scanned', held: result.held });
      },
      onTaken: (result) => {
        if (result.held !== null && this.#life.kind !== 'held') this.#next.rescan(true);
        this.#happen({ kind: 'taken', held: result.held });
      },
      onFailed: (error) => this.#happen({ kind: 'failed', failure: classify(error) }),
    });
    this.#batcher = options.createBatcher({
      delayMs: mapping.delayMs,
      maxDelayMs: mapping.maxDelayMs,
      onBatch: (paths, since) => {
        if (!this.#stopped && takesHints(this.#life)) this.#lane.take(paths, since);
      },
    });
    this.#watcher = options.createWatcher({
      root: textToBytes(mapping.path),
      hidden: ['.csyncd'],
      selection: { exclude: mapping.exclude, include: mapping.include },
      onEvent: (event) => this.#heard(event),
    });
  }

  start(): void {
    if (this.#options.backend.isPaused(this.mapping.name)) this.#happen({ kind: 'pause' });
    this.#watcher.start();
  }

  /** Takes no more work and waits for the look that is under way; the backend is left as it is. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#next.stop();
    this.#abandon();
    this.#placed.resolve();
    for (const listener of this.#listeners) listener();
    await Promise.all([this.#watcher.stop(), this.#lane.idle()]);
  }

  /** The backend gave the mapping up by itself (its store is full, say): it is attached anew with the next look. */
  fell(error: unknown): void {
    this.#next.fell();
    this.#happen({ kind: 'failed', failure: classify(error) });
  }

  /** Resolves once the root is watched, or known to be missing. */
  placed(): Promise<void> {
    return this.#placed.promise;
  }

  /** By a person, and remembered by the backend; throws when it cannot be. */
  pause(): void {
    this.#options.backend.pauseMapping(this.mapping.name, true);
    this.#happen({ kind: 'pause' });
  }

  resume(): void {
    this.#options.backend.pauseMapping(this.mapping.name, false);
    this.#happen({ kind: 'resume' });
  }

  status(): RunnerStatus {
    return {
      life: this.#life,
      watcher: this.#watcher.status(),
      limits: [...this.#limits.values()],
      lastScan: this.#lastScan,
    };
  }

  /**
   * Looks now at these byte paths and below them, or at everything (null); resolves when that is done. Waits for a first
   * scan that is under way. Rejects with the signal's reason.
   */
  async look(paths: readonly string[] | null, signal: AbortSignal): Promise<Looked> {
    if (paths !== null && takesHints(this.#life)) {
      const result = await this.#lane.takeNow(paths.map((path) => ({ path, scope: 'subtree' })));
      if (result !== null) return this.#looked(result.changed);
    } else if (this.unable() === null || this.#life.kind === 'failed') {
      const before = this.#scans;
      this.#happen({ kind: 'look' });
      const done = (): boolean => this.#scans > before && this.#life.kind !== 'scanning';
      await this.#until(() => done() || this.unable() !== null, signal);
    }
    const reason = this.unable();
    if (reason !== null) return { kind: 'unable', reason };
    return this.#looked(this.#scanChanged);
  }

  /** Whether it waits because the directory at its root's path is missing, or not the one that it was. */
  hasLostRoot(): boolean {
    const life = this.#life;
    if (life.kind === 'failed') return life.failure.reason.code === 'root-lost';
    return life.kind === 'missing' || (life.kind === 'paused' && life.lost !== null);
  }

  /** Resolves when the watcher has found the root; rejects with the signal's reason. */
  found(signal: AbortSignal): Promise<void> {
    return this.#until(() => this.#stopped || this.#life.kind !== 'missing', signal);
  }

  #looked(changed: number): Looked {
    const life = this.#life;
    const held = life.kind === 'held' ? life.reason : life.kind === 'scanning' ? life.held : null;
    return { kind: 'looked', changed, busy: this.#lane.busy(), held };
  }

  /** Why this mapping cannot be looked at now, or null. */
  unable(): HoldReason | null {
    const life = this.#life;
    if (this.#stopped)
      return { code: 'stopping', message: 'the daemon is stopping', hint: 'try again when it runs' };
    if (life.kind === 'missing') return life.reason;
    if (life.kind === 'failed') return life.failure.reason;
    if (life.kind === 'paused')
      return { code: 'paused', message: 'it is paused', hint: `csyncd resume ${this.mapping.name}` };
    return null;
  }

  #heard(event: WatcherEvent): void {
    if (this.#stopped) return;
    const { log } = this.#options;
    switch (event.kind) {
      case 'hints':
        if (takesHints(this.#life)) this.#batcher.add(event.hints);
        return;
      case 'covered':
        this.#lane.found();
        this.#limits.clear();
        this.#happen({ kind: 'covered' });
        this.#placed.resolve();
        return;
      case 'suspicion':
        log.debug({ reason: event.reason }, 'events may have been lost: comparing the whole tree');
        this.#happen({ kind: 'look' });
        return;
      case 'root-lost':
        this.#happen({ kind: 'root-lost', reason: rootLost(this.mapping, event.reason) });
        this.#placed.resolve();
        return;
      case 'root-back':
        log.info('the root is back');
        return;
      case 'degraded': {
        const { code, message, hint } = event;
        // Repeated after each `covered` while it holds.
        if (!this.#toldLimits.has(code)) log.warn({ code, hint }, message);
        this.#toldLimits.add(code);
        this.#limits.set(code, { code, message, hint });
        return;
      }
      default:
        assertNever(event);
    }
  }

  #happen(event: LifeEvent): void {
    if (this.#stopped) return;
    const { next, effects } = step(this.#life, event);
    this.#life = next;
    if (next.kind !== 'failed') this.#next.giveUpRetry();
    this.#told = tellLife(this.#options.log, this.#told, next);
    for (const effect of effects) this.#do(effect);
    for (const listener of this.#listeners) listener();
  }

  #do(effect: Effect): void {
    switch (effect.kind) {
      case 'scan':
        this.#lane.scan();
        return;
      case 'abandon':
        this.#abandon();
        return;
      case 'detach':
        this.#lane.detach(effect.reason);
        return;
      case 'retry-later':
        this.#next.retry();
        return;
      case 'fatal':
        this.#options.onFatal(effect.failure);
        return;
      default:
        assertNever(effect);
    }
  }

  #abandon(): void {
    this.#batcher.clear();
    this.#lane.abandon();
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
    message: reason.startsWith(mapping.path) ? reason : `${mapping.path}: ${reason}`,
    hint: `mount or create the directory, or csyncd approve ${mapping.name} when the one that is there shall be taken; nothing is taken for deleted meanwhile`,
  };
}

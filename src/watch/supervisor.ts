/**
 * The daemon's half of the watcher: keeps one watch host at work on the root. A host that ends, falls silent or asks for
 * it is replaced by a new process, never repaired: the new one covers everything first, then the old one is killed.
 */
import { backoffMs } from '../util/backoff.ts';
import { HostProcess } from './host-process.ts';
import { deepenEventQueue, inotifyLimit } from './inotify-limits.ts';
import type { HostMessage, WireIdentity } from './protocol.ts';
import type { Watcher, WatcherOptions, WatcherStatus } from './watcher.ts';

export interface Tuning {
  /** ms without a sign of life after which a host is taken for dead */
  readonly silenceMs: number;
  /** ms within which a host must cover its root, once that is there */
  readonly startMs: number;
  readonly backoff: { readonly firstMs: number; readonly maxMs: number };
  /** a host without the recursive watch is replaced by a whole one after this time */
  readonly wholeAgainMs: number;
  readonly deepenQueue: boolean;
}

const DEFAULTS: Tuning = {
  silenceMs: 30_000,
  startMs: 1_800_000,
  backoff: { firstMs: 200, maxMs: 60_000 },
  wholeAgainMs: 600_000,
  deepenQueue: true,
};

const SWEEP_MS = 15_000;
const TICKS_IN_SILENCE = 10;
/** A host that lived so long was not a failed start: the next one comes at once. */
const HEALTHY_MS = 120_000;
const CLOCK_JUMP_MS = 2_000;
/** Failed starts after which the recursive watch is done without. */
const PATIENCE = 2;

/** A watcher in a process of its own. `tuning` is for tests. */
export function createWatcher(options: WatcherOptions, tuning: Partial<Tuning> = {}): Watcher {
  return new Supervisor(options, { ...DEFAULTS, ...tuning });
}

class Supervisor implements Watcher {
  readonly #options: WatcherOptions;
  readonly #tuning: Tuning;
  /** covers the root */
  #current: HostProcess | null = null;
  /** is getting ready to */
  #next: HostProcess | null = null;
  #starting: NodeJS.Timeout | null = null;
  #ticking: NodeJS.Timeout | null = null;
  #tickedAt = 0;
  #clockOffset = 0;
  #identity: WireIdentity | null = null;
  #lost: string | null = null;
  #failures = 0;
  #failedStarts = 0;
  #coveredAt = 0;
  #replacements = 0;
  #overflows = 0;
  #sweepHits = 0;
  #stopped = false;
  readonly #dying = new Set<Promise<void>>();

  constructor(options: WatcherOptions, tuning: Tuning) {
    this.#options = options;
    this.#tuning = tuning;
  }

  start(): void {
    if (this.#tuning.deepenQueue) deepenEventQueue();
    this.#tickedAt = performance.now();
    this.#clockOffset = Date.now() - performance.now();
    this.#ticking = setInterval(() => this.#tick(), this.#tuning.silenceMs / TICKS_IN_SILENCE);
    this.#startHost();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#ticking !== null) clearInterval(this.#ticking);
    if (this.#starting !== null) clearTimeout(this.#starting);
    this.#retire(this.#current);
    this.#retire(this.#next);
    this.#current = null;
    this.#next = null;
    await Promise.all(this.#dying);
  }

  status(): WatcherStatus {
    const figures = this.#current?.figures;
    const working = figures?.events === false ? 'scan-only' : 'events';
    return {
      directories: figures?.directories ?? 0,
      limit: inotifyLimit('max_user_watches'),
      overflows: this.#overflows + (figures?.overflows ?? 0),
      mode: this.#current === null ? 'off' : working,
      host_restarts: this.#replacements,
      sweep_hits: this.#sweepHits + (figures?.sweepHits ?? 0),
    };
  }

  #startHost(): void {
    this.#starting = null;
    if (this.#stopped || this.#next !== null) return;
    const { root, hidden, selection, sweepMs = SWEEP_MS } = this.#options;
    const orders = {
      root,
      hidden,
      exclude: selection.exclude,
      include: selection.include,
      sweepMs,
      expected: this.#identity,
      recursive: this.#failedStarts < PATIENCE,
    };
    const host: HostProcess = new HostProcess(orders, {
      onMessage: (message) => this.#heard(host, message),
      onEnd: () => this.#ended(host),
    });
    this.#next = host;
  }

  #replaceSoon(): void {
    if (this.#stopped || this.#starting !== null || this.#next !== null) return;
    if (performance.now() - this.#coveredAt > HEALTHY_MS) this.#failures = 0;
    const wait = backoffMs(this.#failures, this.#tuning.backoff, Math.random());
    this.#failures += 1;
    this.#starting = setTimeout(() => this.#startHost(), wait);
  }

  #heard(host: HostProcess, message: Exclude<HostMessage, { kind: 'beat' | 'begun' }>): void {
    if (this.#stopped || (host !== this.#current && host !== this.#next)) return;
    switch (message.kind) {
      case 'covered':
        this.#takeOver(host, message.identity);
        return;
      case 'root-lost':
        this.#rootLost(host, message.reason);
        return;
      case 'replace':
        this.#replaceSoon();
        return;
      case 'hints':
      case 'suspicion':
      case 'degraded':
        // Of a host that is not ready yet nothing counts: a full scan follows as soon as it is.
        if (host === this.#current) this.#options.onEvent(message);
        return;
    }
  }

  #takeOver(host: HostProcess, identity: WireIdentity): void {
    if (host === this.#next) {
      if (this.#current !== null) this.#retire(this.#current);
      if (this.#coveredAt > 0) this.#replacements += 1;
      this.#current = host;
      this.#next = null;
      this.#coveredAt = performance.now();
    }
    this.#identity = identity;
    if (this.#lost !== null) {
      this.#lost = null;
      this.#options.onEvent({ kind: 'root-back' });
    }
    this.#options.onEvent({ kind: 'covered' });
  }

  #rootLost(host: HostProcess, reason: string): void {
    // What it watches is not the root any more; its successor waits until that is back.
    if (host === this.#current) {
      this.#current = null;
      this.#retire(host);
      this.#failures = 0;
      this.#replaceSoon();
    }
    if (reason === this.#lost) return;
    this.#lost = reason;
    this.#options.onEvent({ kind: 'root-lost', reason });
  }

  #ended(host: HostProcess): void {
    if (this.#stopped) return;
    if (host === this.#current) {
      this.#addUp(host);
      this.#current = null;
    } else if (host === this.#next) {
      this.#next = null;
      this.#failedStarts += 1;
    } else {
      return;
    }
    this.#replaceSoon();
  }

  #retire(host: HostProcess | null): void {
    if (host === null) return;
    this.#addUp(host);
    const gone = host.kill();
    this.#dying.add(gone);
    void gone.then(() => this.#dying.delete(gone));
  }

  #addUp(host: HostProcess): void {
    if (host.recursive) this.#failedStarts = host.begun ? 0 : this.#failedStarts + 1;
    this.#overflows += host.figures?.overflows ?? 0;
    this.#sweepHits += host.figures?.sweepHits ?? 0;
  }

  #tick(): void {
    const now = performance.now();
    const period = this.#tuning.silenceMs / TICKS_IN_SILENCE;
    const stoodStill = now - this.#tickedAt > 2 * period;
    this.#tickedAt = now;
    this.#checkClock();
    for (const host of [this.#current, this.#next]) {
      if (host === null) continue;
      // Their signs of life wait to be read: who did not listen cannot tell silence.
      if (stoodStill) host.heardAt = now;
      this.#checkLife(host, now);
    }
  }

  #checkLife(host: HostProcess, now: number): void {
    const { silenceMs, startMs, wholeAgainMs } = this.#tuning;
    const silent = now - host.heardAt > silenceMs;
    if (host === this.#next) {
      const slow = this.#lost === null && now - host.startedAt > startMs;
      if (silent || slow) void host.kill();
      return;
    }
    if (silent) this.#replaceSoon();
    if (!host.recursive && now - this.#coveredAt > wholeAgainMs) {
      this.#failedStarts = 0;
      this.#replaceSoon();
    }
  }

  /** The wall clock moves otherwise than time itself when it is set, and when the machine wakes up. */
  #checkClock(): void {
    const offset = Date.now() - performance.now();
    const jumped = Math.abs(offset - this.#clockOffset) > CLOCK_JUMP_MS;
    this.#clockOffset = offset;
    if (jumped && this.#current !== null) {
      this.#options.onEvent({ kind: 'suspicion', reason: 'the clock jumped' });
    }
  }
}

/**
 * One peer's lane: sends what csync2's database says the peer is owed, run by run, until nothing is. A probe comes before
 * each run, so that a peer that is off costs none; what stays owed is tried again with back-off, at once when somebody
 * waits for it or the peer comes back.
 */
import { backoffMs } from '../../util/backoff.ts';
import { bytesToText } from '../../util/bytes.ts';
import { CsyncdError, messageOf } from '../../util/errors.ts';
import type { Logger } from '../../util/log.ts';
import type { FileResult } from './output.ts';
import { PeerRuns, type Outcome, type PeerRunsOptions } from './peer-run.ts';
import { probe } from './probe.ts';
import { remedyOf } from './remedies.ts';

export interface PeerLaneOptions extends PeerRunsOptions {
  readonly log: Logger;
  /** How many rows csync2's database holds for the peer, of what may be sent now. */
  readonly owed: () => number | Promise<number>;
  /** csync2's groups that are exchanged now; null: all; none: the peer is paused. `regroup` when it changes. */
  readonly groups: () => readonly string[] | null;
  /** Of these, what may be sent once the peer has answered; all by default. */
  readonly ready?: () => readonly string[] | null;
  /** After each run, before the lane asks again what is owed. */
  readonly onOutcome: (outcome: Outcome) => void | Promise<void>;
  /** Whether the peer takes connections; by default its name is called at csync2's port. */
  readonly probe?: (signal: AbortSignal) => Promise<boolean>;
}

export interface LaneStatus {
  readonly state: 'ok' | 'connecting' | 'down' | 'paused' | 'rejected';
  /** ms since 1970 when the peer last answered; null when never */
  readonly lastSeen: number | null;
  readonly lastError: string | null;
  /** what to do about it */
  readonly remedy: string | null;
  /** what the last run left, with the reasons */
  readonly failed: readonly FileResult[];
}

const RETRY = { firstMs: 1000, maxMs: 60_000 };
/** A peer that ends the session at one file after the other takes none. */
const MOST_STOPPERS = 20;
const PROBE = { firstMs: 500, maxMs: 5000 };
/** A peer to which nothing is owed is probed this often. */
const IDLE_MS = 30_000;
/** Reasons of runs whose peer was there and is no more. */
const GONE: ReadonlySet<string> = new Set(['unreachable', 'interrupted']);

export class PeerLane {
  readonly #options: PeerLaneOptions;
  readonly #runs: PeerRuns;
  readonly #stopped = new AbortController();
  /** ends the run under way */
  #running = new AbortController();
  #work: Promise<void> | null = null;
  #isKicked = false;
  #cancelTimer: (() => void) | null = null;
  #attempt = 0;
  #isSilent = false;
  /** at which the peer ended the session, by name: others go first, past them */
  readonly #stoppers = new Map<string, FileResult>();
  #stoppersSince = 0;
  #stoppedAt: string | null = null;
  #state: LaneStatus['state'] = 'connecting';
  #lastSeen: number | null = null;
  #error: { readonly message: string; readonly remedy: string | null } | null = null;
  #failed: readonly FileResult[] = [];

  constructor(options: PeerLaneOptions) {
    this.#options = options;
    this.#runs = new PeerRuns(options);
  }

  status(): LaneStatus {
    return {
      state: this.#state,
      lastSeen: this.#lastSeen,
      lastError: this.#error?.message ?? null,
      remedy: this.#error?.remedy ?? null,
      failed: this.#failed,
    };
  }

  /** There may be something owed. A peer that is down or refuses everything is left to its back-off. */
  kick(): void {
    if (this.#cancelTimer !== null && (this.#state === 'down' || this.#state === 'rejected')) return;
    this.#start();
  }

  /** Somebody waits, or the peer has just called: whatever is owed is tried now. */
  hurry(): void {
    this.#attempt = 0;
    this.#start();
  }

  /** What may be sent has changed: the run under way ends, and what may be sent now is. */
  regroup(): void {
    this.#running.abort();
    this.hurry();
  }

  /** Ends the run under way; resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#running.abort();
    this.#cancelTimer?.();
    await this.#work;
  }

  #start(): void {
    if (this.#stopped.signal.aborted) return;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#isKicked = true;
    this.#work ??= this.#untilRest().finally(() => {
      this.#work = null;
    });
  }

  #later(ms: number): void {
    this.#cancelTimer?.();
    if (!this.#stopped.signal.aborted) this.#cancelTimer = this.#options.clock.after(ms, () => this.#start());
  }

  #wait(limits: { firstMs: number; maxMs: number }): number {
    return backoffMs(this.#attempt++, limits, this.#options.clock.random());
  }

  /** Goes on until nothing is owed or a wait is due. */
  async #untilRest(): Promise<void> {
    while (this.#isKicked && !this.#stopped.signal.aborted) {
      this.#isKicked = false;
      this.#running = new AbortController();
      try {
        await this.#step();
      } catch (error) {
        if (this.#stopped.signal.aborted) return;
        // Ended by `regroup`, which has kicked the next.
        if (this.#running.signal.aborted) continue;
        // Not the peer's fault: csync2 cannot run here.
        this.#fail('connecting', messageOf(error), error instanceof CsyncdError ? error.hint : null);
        this.#later(this.#wait(RETRY));
      }
    }
  }

  async #step(): Promise<void> {
    const groups = this.#options.groups();
    if (groups?.length === 0) {
      this.#state = 'paused';
      return;
    }
    if (this.#state === 'paused') this.#state = 'connecting';
    const owed = await this.#options.owed();
    const isFresh = this.#state === 'ok' && this.#options.clock.now() - (this.#lastSeen ?? 0) < IDLE_MS;
    if (owed === 0 && isFresh) return this.#rest();
    if (!(await this.#answers())) {
      this.#isSilent = true;
      this.#fail('down', 'the peer does not answer', remedyOf('unreachable'));
      return this.#later(this.#wait(PROBE));
    }
    if (this.#isSilent) {
      this.#attempt = 0;
      this.#stoppers.clear();
    }
    this.#isSilent = false;
    if (this.#state === 'down') this.#state = 'connecting';
    const ready = (this.#options.ready ?? this.#options.groups)();
    if (owed === 0 || ready?.length === 0) return this.#rest();
    const past = this.#stoppersNow();
    if (past.length >= owed) return this.#later(this.#wait(RETRY));
    const outcome = await this.#send(ready, past);
    this.#judge(outcome);
    await this.#options.onOutcome(outcome);
    await this.#next(outcome, past.length);
  }

  /** None when it is time to try all that is owed. */
  #stoppersNow(): readonly string[] {
    if (this.#options.clock.now() - this.#stoppersSince > RETRY.maxMs) this.#stoppers.clear();
    return [...this.#stoppers.keys()];
  }

  async #send(groups: readonly string[] | null, past: readonly string[]): Promise<Outcome> {
    const before = [...this.#stoppers.values()];
    const outcome = await this.#runs.run(groups, past, this.#running.signal, () => this.#answers());
    const { stoppedAt } = outcome;
    // Once may be the network's doing, or the end of the peer's daemon.
    if (stoppedAt !== null && stoppedAt.name === this.#stoppedAt) {
      if (this.#stoppers.size === 0) this.#stoppersSince = this.#options.clock.now();
      this.#stoppers.set(stoppedAt.name, stoppedAt);
    }
    this.#stoppedAt = stoppedAt?.name ?? null;
    return { ...outcome, failed: [...outcome.failed, ...before] };
  }

  async #answers(): Promise<boolean> {
    const { peer, program, clock } = this.#options;
    const call = this.#options.probe ?? ((signal) => probe(peer, program.settings.port, signal));
    const answers = await call(this.#stopped.signal);
    if (answers) this.#lastSeen = clock.now();
    return answers;
  }

  /** @param past how many names were left out */
  async #next(outcome: Outcome, past: number): Promise<void> {
    const isWhole = outcome.problem === null && outcome.failed.length === 0;
    const isMore = outcome.sent.length > 0 && (isWhole || (past > 0 && outcome.problem === null));
    const isPastMore = outcome.stoppedAt !== null && this.#stoppers.size > past && past < MOST_STOPPERS;
    if (this.#runs.isAskingWhy || isMore || isPastMore) {
      this.#isKicked = true;
    } else if (isWhole && (await this.#options.owed()) === 0) {
      this.#rest();
    } else if (!this.#isKicked || outcome.problem !== null) {
      this.#isKicked = false;
      this.#later(this.#wait(RETRY));
    }
  }

  /** Nothing is owed, and the peer is there. */
  #rest(): void {
    this.#attempt = 0;
    this.#failed = [];
    this.#stoppers.clear();
    // A peer that refused the last run is not known to take the next.
    if (this.#state !== 'rejected') this.#settle();
    this.#later(IDLE_MS);
  }

  #settle(): void {
    this.#state = 'ok';
    this.#error = null;
  }

  #judge({ problem, failed }: Outcome): void {
    this.#failed = failed;
    const [first] = failed;
    if (problem !== null) {
      this.#fail(GONE.has(problem.reason) ? 'down' : 'rejected', problem.message, problem.remedy);
    } else if (first === undefined) {
      this.#settle();
    } else {
      const isRefused = failed.every(({ reason }) => reason === 'permission');
      const more = failed.length === 1 ? '' : `, and ${failed.length - 1} more`;
      const message = `${bytesToText(first.name)}: ${first.message ?? 'not taken'}${more}`;
      this.#fail(isRefused ? 'rejected' : 'ok', message, first.remedy);
    }
  }

  #fail(state: LaneStatus['state'], message: string, remedy: string | null): void {
    if (this.#error?.message !== message) {
      this.#options.log.warn({ peer: this.#options.peer, remedy }, `csync2: ${message}`);
    }
    this.#state = state;
    this.#error = { message, remedy };
  }
}

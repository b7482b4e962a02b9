/** One update run with one peer after the other: what was sent, what was not and why, and what to do when the peer falls silent. */
import type { Clock } from '../../util/clock.ts';
import { KnownReasons } from './known-reasons.ts';
import { ClientOutput, type ClientReport, type FileResult } from './output.ts';
import type { Csync2Program } from './program.ts';
import { problem, type Problem } from './remedies.ts';
import { setAside, takeBack } from './set-aside.ts';
import type { Turns } from './turns.ts';

/** What one run came to. */
export interface Outcome {
  /**
   * ms since 1970. csync2 drops a row by the file's name: a file that is marked anew between this and now may have lost its
   * mark, when the run had given its turn away.
   */
  readonly startedAt: number;
  /** the peer has them now, also those that it had already */
  readonly sent: readonly FileResult[];
  /** what it did not take; tried again with each run */
  readonly failed: readonly FileResult[];
  /** what was changed on both nodes, with what `auto` made of it; also among `sent` or `failed` */
  readonly conflicts: readonly FileResult[];
  /** what kept the run from its end */
  readonly problem: Problem | null;
  /** the file at which the peer ended the session; null when it did not */
  readonly stoppedAt: FileResult | null;
  /** it made no progress for a while, and others had their turn beside it */
  readonly stalled: boolean;
}

export interface PeerRunsOptions {
  /** csync2's name of the peer */
  readonly peer: string;
  readonly program: Csync2Program;
  readonly turns: Turns;
  readonly databaseFile: string;
  readonly clock: Clock;
  /** A better explanation of a TLS session that failed, when there is one. */
  readonly explainTls?: () => Promise<Problem | null>;
}

const STALLED_PROBE_MS = 5000;
/** What csync2 says when a TLS session fails, among other causes. */
const TLS_REASONS: ReadonlySet<string> = new Set(['not-configured', 'tls-failed']);

export class PeerRuns {
  readonly #options: PeerRunsOptions;
  readonly #known = new KnownReasons();
  #isAskingWhy = false;

  constructor(options: PeerRunsOptions) {
    this.#options = options;
  }

  /** The next run finds out why the last one was refused, and should come at once. */
  get isAskingWhy(): boolean {
    return this.#isAskingWhy;
  }

  /**
   * Rejects with the signal's reason when that is aborted, and with what `Csync2Program.run` rejects with.
   * @param groups csync2's groups to send; null: all
   * @param past names that are left out
   * @param answers whether the peer takes connections: asked when the run stalls, and false ends it
   */
  async run(
    groups: readonly string[] | null,
    past: readonly string[],
    signal: AbortSignal,
    answers: () => Promise<boolean>,
  ): Promise<Outcome> {
    const { program, turns, peer, clock, databaseFile } = this.#options;
    const isAskingWhy = this.#isAskingWhy;
    const restricted = groups === null ? [] : ['-G', groups.join(',')];
    const args = [isAskingWhy ? '-vvv' : '-v', '-u', '-P', peer, ...restricted];
    const output = new ClientOutput(peer);
    const silence = new AbortController();
    let startedAt = 0;
    let stalled = false;
    let isSilent: boolean;
    const update = async (giveWay: () => void): Promise<boolean> => {
      startedAt = clock.now();
      const onStall = (): void => {
        stalled = true;
        giveWay();
        this.#watch(answers, silence);
      };
      const ends = AbortSignal.any([signal, silence.signal]);
      const onLine = (line: string): void => output.line(line);
      if (past.length > 0) await setAside(databaseFile, peer, past);
      try {
        return (await program.run({ args, signal: ends, onStall, onLine })).isGivenUp;
      } finally {
        if (past.length > 0) await takeBack(databaseFile);
      }
    };
    try {
      isSilent = await turns.run('update', update, signal);
    } catch (error) {
      if (signal.aborted || !silence.signal.aborted) throw error;
      isSilent = true;
    } finally {
      silence.abort();
    }
    return { startedAt, stalled, ...(await this.#read(output.finish(), isAskingWhy, isSilent)) };
  }

  /** A peer may be busy with a large file; one that does not even take connections is gone. */
  #watch(answers: () => Promise<boolean>, silence: AbortController): void {
    const asked = answers().catch(() => true);
    void asked.then((isThere) => {
      if (!isThere) silence.abort();
      if (silence.signal.aborted) return;
      const cancel = this.#options.clock.after(STALLED_PROBE_MS, () => this.#watch(answers, silence));
      silence.signal.addEventListener('abort', cancel, { once: true });
    });
  }

  async #read(
    report: ClientReport,
    isAskingWhy: boolean,
    isSilent: boolean,
  ): Promise<Omit<Outcome, 'startedAt' | 'stalled'>> {
    const now = this.#options.clock.now();
    if (isAskingWhy) this.#known.learn(report, now);
    this.#isAskingWhy = !isAskingWhy && !isSilent && this.#known.isAsking(report, now);
    const { files, usesTls, problem } = this.#known.explained(report);
    const isTls = usesTls && TLS_REASONS.has(problem?.reason ?? '');
    const better = isTls ? ((await this.#options.explainTls?.()) ?? null) : null;
    return {
      sent: files.filter(({ state }) => state !== 'failed'),
      failed: files.filter(({ state }) => state === 'failed'),
      conflicts: files.filter(({ conflict }) => conflict !== null),
      stoppedAt: isSilent ? null : report.stoppedAt,
      problem: isSilent ? SILENT : (better ?? problem),
    };
  }
}

const SILENT = problem('unreachable', 'the peer fell silent in the middle');

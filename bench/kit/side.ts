/** One side of a comparison of contestants that work by themselves, any of which may end or never get there. */
import { PEERS } from '../contestants/contestant.ts';
import type { Job, Watching } from '../contestants/contestant.ts';
import { NeverHeld } from './arrival.ts';
import type { Board } from './board.ts';
import { quiet } from './measure.ts';
import { Meter } from './meter.ts';
import type { Moment, Starts } from './meter.ts';
import { haveSameContent, verifyEqual } from './verify.ts';

const REST_BOUND_MS = 90_000;
const RESTLESS = `does not come to rest within ${REST_BOUND_MS / 1000} s`;

export interface SideOptions {
  readonly dir: string;
  readonly make: (meter: Meter) => Watching;
  /** puts files into the directories before anything runs */
  readonly seed: (contestant: Watching) => void;
  /** whether to fail is its result, and no fault of the bench's subject */
  readonly mayFail: boolean;
}

/** What a change took. */
export interface Taken extends Costs {
  /** until the peers held it; ∞: never, or not any more at rest */
  readonly seconds: number;
}

export interface Costs {
  /** until nothing went on any more; ∞ when they did not hold it then, or it never ends */
  readonly restSeconds: number;
  /** NaN where the work was not done */
  readonly cpuSeconds: number;
  /** starts of csync2 */
  readonly originRuns: number;
  readonly peerRuns: number;
  readonly fullRuns: number;
}

const NOT_DONE: Taken = {
  seconds: Infinity,
  restSeconds: Infinity,
  cpuSeconds: Number.NaN,
  originRuns: Number.NaN,
  peerRuns: Number.NaN,
  fullRuns: Number.NaN,
};

export class Side {
  readonly name: string;
  readonly #options: SideOptions;
  #meter: Meter;
  #contestant: Watching;
  /** another one did not start after a failure */
  #lost = false;

  constructor(options: SideOptions) {
    this.#options = options;
    this.#meter = new Meter(options.dir);
    this.#contestant = options.make(this.#meter);
    this.name = this.#contestant.name;
  }

  get contestant(): Watching {
    return this.#contestant;
  }

  async start(): Promise<void> {
    this.#options.seed(this.#contestant);
    await this.#contestant.start();
    await this.#meter.rest(REST_BOUND_MS);
  }

  /**
   * Makes a change when nothing else is going on and waits until all have come to rest. When that fails, the board is told
   * and another contestant of the kind takes its place.
   */
  async take(board: Board, job: Job): Promise<Taken> {
    if (this.#lost) return NOT_DONE;
    await quiet(this.#contestant);
    const startsBefore = this.#starts();
    const before = this.#meter.now();
    let seconds: number;
    try {
      seconds = await this.#contestant.held(job, PEERS);
      await this.#contestant.idle();
    } catch (error) {
      if (!(error instanceof NeverHeld)) throw error;
      return await this.#failed(board, error.message);
    }
    const idle = this.#meter.now();
    const rests = await this.#meter.rest(REST_BOUND_MS);
    const different = differencesOf(this.#contestant, job.below);
    // What it costs to wait until all rest, and to ask whether they do, is left out.
    const after = idle.at > this.#meter.lastBusy.at ? idle : this.#meter.lastBusy;
    const taken = { seconds, ...spent(before, after), ...startsBetween(startsBefore, this.#starts()) };
    const broken = [...(rests ? [] : [RESTLESS]), ...this.#contestant.ended(), ...different.lines];
    if (broken.length === 0) return taken;
    await this.#failed(board, ...broken);
    if (different.inContent) return NOT_DONE;
    return rests ? taken : { ...NOT_DONE, seconds };
  }

  async destroy(): Promise<void> {
    await this.#contestant.destroy();
    this.#meter.destroy();
  }

  async #failed(board: Board, ...reasons: readonly string[]): Promise<Taken> {
    this.#tell(board, reasons);
    await this.destroy();
    this.#meter = new Meter(this.#options.dir);
    this.#contestant = this.#options.make(this.#meter);
    try {
      await this.start();
    } catch (error) {
      this.#lost = true;
      this.#tell(board, [`does not start again: ${error instanceof Error ? error.message : String(error)}`]);
    }
    return NOT_DONE;
  }

  #tell(board: Board, reasons: readonly string[]): void {
    if (this.#options.mayFail) for (const reason of reasons) board.part(`${this.name}: failed: ${reason}`);
    else board.wrong(this.name, reasons);
  }

  #starts(): Starts {
    return this.#meter.starts(this.#contestant.whole);
  }
}

interface Differences {
  readonly lines: readonly string[];
  /** not only in metadata */
  readonly inContent: boolean;
}

function differencesOf({ roots, precision }: Watching, below: string): Differences {
  try {
    const lines = verifyEqual(roots, below, precision);
    return { lines, inContent: lines.length > 0 && !haveSameContent(roots, below) };
  } catch (error) {
    // What never comes to rest drops temporaries all the time.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return { lines: ['changing all the time'], inContent: true };
    throw error;
  }
}

function spent(before: Moment, after: Moment) {
  return {
    restSeconds: (after.at - before.at) / 1000,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
  };
}

function startsBetween(before: Starts, after: Starts) {
  return {
    originRuns: after.origin.all - before.origin.all,
    peerRuns: after.peers.all - before.peers.all,
    fullRuns: after.origin.full + after.peers.full - before.origin.full - before.peers.full,
  };
}

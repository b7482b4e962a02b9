/** A workload, and what it gets. */
import type { Contestant } from '../contestants/contestant.ts';
import { Csync2 } from '../contestants/csync2.ts';
import { Csyncd } from '../contestants/csyncd.ts';
import type { CsyncdOptions } from '../contestants/csyncd.ts';
import { Rsync } from '../contestants/rsync.ts';
import type { Options } from '../options.ts';
import type { Outcome } from './outcome.ts';

export interface Workload {
  readonly name: string;
  readonly run: (bench: Bench) => Promise<Outcome>;
}

/** Makes contestants and ends them with the workload. */
export class Bench {
  readonly runs: number;
  readonly #options: Options;
  readonly #profile: string | null;
  readonly #made: Contestant[] = [];

  /** @param profile where CPU profiles go; null: none are made */
  constructor(options: Options, profile: string | null) {
    this.runs = options.runs;
    this.#options = options;
    this.#profile = profile;
  }

  /** A count or size, scaled; at least 1. */
  scaled(full: number): number {
    return Math.max(1, Math.round(full * this.#options.scale));
  }

  takesPart(kind: 'csyncd' | 'csync2' | 'rsync'): boolean {
    return this.#options.only.includes(kind);
  }

  /** null when it does not take part in this run. */
  async csyncd(options: Omit<CsyncdOptions, 'profile'>): Promise<Csyncd | null> {
    return this.takesPart('csyncd')
      ? await this.#start(new Csyncd({ ...options, profile: this.#profile }))
      : null;
  }

  /** @param origin a directory to look at in place of its own */
  async csync2(origin?: string): Promise<Csync2 | null> {
    return this.takesPart('csync2') ? await this.#start(new Csync2(this.#options.dir, origin)) : null;
  }

  async rsync(): Promise<Rsync | null> {
    return this.takesPart('rsync') ? await this.#start(new Rsync(this.#options.dir)) : null;
  }

  /** The usual field: csyncd with both durabilities, csync2, rsync. */
  async field(options: Omit<CsyncdOptions, 'profile' | 'name'> = {}): Promise<Contestant[]> {
    const all = [
      await this.csyncd({ ...options, name: STRICT }),
      await this.csyncd({
        ...options,
        name: RELAXED,
        mapping: { ...options.mapping, durability: 'relaxed' },
      }),
      await this.csync2(),
      await this.rsync(),
    ];
    return all.filter((contestant) => contestant !== null);
  }

  async end(): Promise<void> {
    for (const contestant of this.#made.splice(0)) await contestant.destroy();
  }

  async #start<C extends Contestant>(contestant: C): Promise<C> {
    this.#made.push(contestant);
    await contestant.start();
    return contestant;
  }
}

export const STRICT = 'csyncd strict';
export const RELAXED = 'csyncd relaxed';

/** A workload, and what it gets. */
import type { Contestant } from '../contestants/contestant.ts';
import { Csync2 } from '../contestants/csync2.ts';
import { Csyncd } from '../contestants/csyncd.ts';
import type { CsyncdOptions } from '../contestants/csyncd.ts';
import { Lsyncd } from '../contestants/lsyncd.ts';
import { Rsync } from '../contestants/rsync.ts';
import type { Kind, Options } from '../options.ts';
import type { Outcome } from './outcome.ts';
import { Side } from './side.ts';
import type { SideOptions } from './side.ts';

export interface Workload {
  readonly name: string;
  readonly run: (bench: Bench) => Promise<Outcome>;
}

type OwnSideOptions = Pick<SideOptions, 'make' | 'mayFail'>;

/** Makes contestants and ends them with the workload. */
export class Bench {
  readonly runs: number;
  readonly #options: Options;
  readonly #profile: string | null;
  readonly #made: { destroy(): Promise<void> }[] = [];

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

  takesPart(kind: Kind): boolean {
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

  /** What takes the place of lsyncd + csync2, beside it; who cannot take part says why. */
  async sides(
    seed: SideOptions['seed'],
  ): Promise<{ readonly sides: readonly Side[]; readonly absent: string[] }> {
    const common = { dir: this.#options.dir, seed };
    const sides: Side[] = [];
    const absent: string[] = [];
    for (const [kind, options] of this.#sideOptions()) {
      if (!this.takesPart(kind)) continue;
      const side = new Side({ ...common, ...options });
      this.#made.push(side);
      try {
        await side.start();
        sides.push(side);
      } catch (error) {
        await side.destroy();
        absent.push(
          `${side.name} does not take part: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
    return { sides, absent };
  }

  #sideOptions(): (readonly [Kind, OwnSideOptions])[] {
    const csyncd = (name: string, options: Partial<CsyncdOptions>): OwnSideOptions => ({
      make: (meter) =>
        new Csyncd({ ...options, name, under: (host) => meter.prefix(host), profile: this.#profile }),
      mayFail: false,
    });
    return [
      ['csyncd', csyncd(ENGINE, {})],
      ['csyncd-csync2', csyncd(ON_CSYNC2, { group: CSYNC2_GROUP, precision: 'seconds' })],
      ['lsyncd', { make: (meter) => new Lsyncd(PAIR, this.#options.dir, meter), mayFail: true }],
    ];
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

const CSYNC2_GROUP = { backend: 'csync2', csync2: { no_ssl: true, port: 30866 } };

export const ENGINE = 'csyncd, engine';
export const ON_CSYNC2 = 'csyncd, csync2';
export const PAIR = 'lsyncd + csync2';
export const STRICT = 'csyncd strict';
export const RELAXED = 'csyncd relaxed';

/** Lanes by file system: a slow or hanging disk delays only the mappings that are on it. */
import { stat } from 'node:fs/promises';
import type { Logger } from '../../../util/log.ts';
import { Lane } from './lane.ts';

/** Beyond this many file systems they share: a thread costs memory. */
const MOST_DISKS = 4;

export interface Lanes {
  readonly apply: Lane;
  readonly scan: Lane;
  readonly bulk: Lane;
}

export class Disks {
  readonly #log: Logger;
  readonly #lanes = new Map<bigint, Lanes>();
  #isClosed = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** The lanes of the file system that a path is on. Of one that is not there: any; opening it says what is wrong. */
  async lanesOf(path: string): Promise<Lanes> {
    const dev = await stat(path, { bigint: true }).then(
      (found) => found.dev,
      () => null,
    );
    const [shared] = this.#lanes.values();
    const known = dev === null ? shared : this.#lanes.get(dev);
    if (known !== undefined) return known;
    const lanes = shared !== undefined && this.#lanes.size >= MOST_DISKS ? shared : this.#make();
    this.#lanes.set(dev ?? -1n, lanes);
    return lanes;
  }

  async release(): Promise<void> {
    await Promise.allSettled(this.#all().map((lane) => lane.release()));
  }

  warmUp(): void {
    if (this.#isClosed) return;
    for (const lane of this.#all()) lane.warmUp();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#all().map((lane) => lane.close()));
  }

  #all(): Lane[] {
    return [...new Set(this.#lanes.values())].flatMap((lanes) => Object.values(lanes) as Lane[]);
  }

  #make(): Lanes {
    const lane = (name: Lane['name']): Lane =>
      new Lane(name, (reason) => this.#log.error(`the ${name} worker ended and is started again: ${reason}`));
    return { apply: lane('apply'), scan: lane('scan'), bulk: lane('bulk') };
  }
}

/** Who takes part: something that carries the changes of one host's directory to two others. */
import type { Arrived } from '../kit/arrival.ts';
import type { Phases } from '../kit/phases.ts';
import type { Precision } from '../../test/kit/cluster/tree.ts';

export const ORIGIN = 'a';
export const PEERS = ['b', 'c'] as const;
export const HOSTS = [ORIGIN, ...PEERS] as const;
export type HostName = (typeof HOSTS)[number];

/** A change of the origin's directory. */
export interface Job {
  /** directory below the root that the change is in: what a contestant without a daemon at the origin is told to look at */
  readonly below: string;
  /** makes the change */
  readonly change: (root: string) => void;
  /** made after the change, once for each peer */
  readonly arrival: (origin: string, precision: Precision) => Arrived;
}

export interface Carried {
  /** until both peers hold it, by a look at their files */
  readonly seconds: number;
  /** until the origin knows that they do; as strict durability promises it, that it is on their disks */
  readonly acknowledgedSeconds: number | null;
  /** sent and received by the origin, with all headers */
  readonly wireBytes: number;
}

export interface Contestant {
  readonly name: string;
  readonly precision: Precision;
  readonly roots: Readonly<Record<HostName, string>>;
  /** a folder on the origin's file system, outside its root */
  readonly stage: string;
  start(): Promise<void>;
  /**
   * Makes the change and carries it. A daemon that watches is timed from before the change is made; a program that is run
   * is timed from its start, when the change has been made.
   */
  carry(job: Job): Promise<Carried>;
  /** Waits until nothing more is going on. */
  idle(): Promise<void>;
  /** What its processes spent so far; empty where they do not tell. */
  phases(): Promise<Phases>;
  /** Ends it and removes everything. */
  destroy(): Promise<void>;
}

/** One that notices changes by itself. */
export interface Watching extends Contestant {
  /** what names the whole directory on a command line of csync2 */
  readonly whole: readonly string[];
  /** Makes a change; seconds until these peers hold it. Throws NeverHeld when they never will. */
  held(job: Job, peers: readonly HostName[]): Promise<number>;
  /** Which of its daemons ended by themselves, a line each. */
  ended(): readonly string[];
}

/** What a contestant that works by itself spends: seconds on the processor, starts of csync2; and when it has come to rest. */
import * as fs from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { HOSTS, ORIGIN, PEERS } from '../contestants/contestant.ts';
import type { HostName } from '../contestants/contestant.ts';
import { Cgroup } from './cgroup.ts';
import { makeFolder } from './cleanup.ts';
import { CountedCsync2 } from './csync2-runs.ts';
import type { Runs } from './csync2-runs.ts';

/** what the contestants wait before they do anything about a change is less: lsyncd a second */
const REST_MS = 2500;
const LOOK_EVERY_MS = 50;

export interface Moment {
  /** performance.now() */
  readonly at: number;
  /** spent until then */
  readonly cpuSeconds: number;
}

export interface Starts {
  readonly origin: Runs;
  readonly peers: Runs;
}

export class Meter {
  readonly #cgroup = new Cgroup();
  readonly #csync2: Readonly<Record<HostName, CountedCsync2>>;
  readonly #removeFolder: () => void;
  readonly #looking: NodeJS.Timeout;
  #logBytes = 0;
  #lastBusy: Moment = { at: 0, cpuSeconds: 0 };

  constructor(dir: string) {
    const { folder, remove } = makeFolder(dir);
    this.#removeFolder = remove;
    const counted = (host: HostName): CountedCsync2 =>
      new CountedCsync2(fs.mkdtempSync(`${folder}/${host}-`));
    this.#csync2 = { a: counted('a'), b: counted('b'), c: counted('c') };
    this.#looking = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  /** What, put before a command line, runs it under this meter, with the counted csync2 first in its PATH. */
  prefix(host: HostName): string[] {
    const path = `PATH=${this.#csync2[host].dir}:${process.env['PATH'] ?? ''}`;
    return [...this.#cgroup.prefix(), 'env', path];
  }

  /** The counted csync2 of a host. */
  csync2(host: HostName): string {
    return this.#csync2[host].program;
  }

  /** Of csync2, so far. */
  starts(whole: readonly string[]): Starts {
    const runs = (hosts: readonly HostName[]): Runs => {
      const each = hosts.map((host) => this.#csync2[host].runs(whole));
      return {
        all: each.reduce((sum, { all }) => sum + all, 0),
        full: each.reduce((sum, { full }) => sum + full, 0),
      };
    };
    return { origin: runs([ORIGIN]), peers: runs(PEERS) };
  }

  now(): Moment {
    return { at: performance.now(), cpuSeconds: this.#cgroup.cpuSeconds() };
  }

  /** When a csync2 was last at work. */
  get lastBusy(): Moment {
    return this.#lastBusy;
  }

  /** Whether no csync2 has been at work for so long that none will start without another change. */
  rests(since: number): boolean {
    return performance.now() - Math.max(this.#lastBusy.at, since) > REST_MS;
  }

  /** Waits until all rest; false when they do not within `boundMs`. */
  async rest(boundMs: number): Promise<boolean> {
    const start = performance.now();
    while (!this.rests(start)) {
      if (performance.now() - start > boundMs) return false;
      await pause(LOOK_EVERY_MS);
    }
    return true;
  }

  destroy(): void {
    clearInterval(this.#looking);
    this.#cgroup.destroy();
    this.#removeFolder();
  }

  /** A run may be too short to be seen: its line in the log is. */
  #look(): void {
    const logBytes = HOSTS.reduce((sum, host) => sum + this.#csync2[host].logBytes(), 0);
    const busy = logBytes !== this.#logBytes || this.#cgroup.pids().some(isCsync2AtWork);
    this.#logBytes = logBytes;
    if (busy) this.#lastBusy = this.now();
  }
}

/** Any but a listener that waits; a listener's children serve a call each. */
function isCsync2AtWork(pid: number): boolean {
  if (!isCsync2(pid)) return false;
  return !commandLine(pid).includes('-ii') || isCsync2(parentOf(pid));
}

function isCsync2(pid: number): boolean {
  return readOf(pid, 'comm') === 'csync2\n';
}

function commandLine(pid: number): string[] {
  return readOf(pid, 'cmdline').split('\0');
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s(\d+)$/m.exec(readOf(pid, 'status'))?.[1]);
}

/** `''` when it is gone. */
function readOf(pid: number, file: string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}

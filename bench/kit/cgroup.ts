/** A control group: what all processes in it spent, also those that have ended and whoever their parents were. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { onExit } from './cleanup.ts';

const PREFIX = 'csyb';
const REMOVAL_TRIES = 100;
const REMOVAL_PAUSE_MS = 20;
let made = 0;

export class Cgroup {
  readonly #dir: string;
  /** Kills what still runs in it and removes it. */
  readonly destroy: () => void;

  constructor() {
    const top = mountPoint();
    removeLeftovers(top);
    this.#dir = join(top, `${PREFIX}-${process.pid}-${made++}`);
    fs.mkdirSync(this.#dir);
    this.destroy = onExit(() => remove(this.#dir));
  }

  /** What, put before a command line, runs it in the group. */
  prefix(): string[] {
    return ['sh', '-c', 'echo $$ >"$1" && shift && exec "$@"', 'sh', join(this.#dir, 'cgroup.procs')];
  }

  /** User and system time so far. */
  cpuSeconds(): number {
    const stat = fs.readFileSync(join(this.#dir, 'cpu.stat'), 'utf8');
    return Number(/^usage_usec (\d+)$/m.exec(stat)?.[1]) / 1e6;
  }

  pids(): number[] {
    const pids = fs.readFileSync(join(this.#dir, 'cgroup.procs'), 'utf8').trim();
    return pids === '' ? [] : pids.split('\n').map(Number);
  }
}

/** Of version 2, which counts the processor's time in every group. */
function mountPoint(): string {
  const mounts = fs.readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const [, at] = mounts.map((line) => line.split(' ')).find(([, , type]) => type === 'cgroup2') ?? [];
  if (at === undefined)
    throw new Error('seconds on the processor are counted by cgroup2, which is not mounted');
  return at;
}

function remove(dir: string): void {
  if (!fs.existsSync(dir)) return;
  fs.writeFileSync(join(dir, 'cgroup.kill'), '1');
  for (let tries = 0; ; tries++) {
    try {
      return fs.rmdirSync(dir);
    } catch (error) {
      // What was killed takes a moment to end.
      if (tries === REMOVAL_TRIES) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, REMOVAL_PAUSE_MS);
    }
  }
}

/** What benches left behind that were killed. */
function removeLeftovers(top: string): void {
  for (const name of fs.readdirSync(top)) {
    const [prefix, pid] = name.split('-');
    if (prefix === PREFIX && !fs.existsSync(`/proc/${pid}`)) remove(join(top, name));
  }
}

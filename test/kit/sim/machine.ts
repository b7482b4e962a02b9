/** What a simulated machine gives to the daemon that runs on it, and what one run of the daemon is made of. */
import type { MemoryStore } from '../../../src/backends/engine/store/memory.ts';
import type { Accounts } from '../../../src/sys/accounts.ts';
import type { Fd } from '../../../src/sys/sys.ts';
import type { Disk, Inode } from './disk.ts';
import { Crash } from './descriptors.ts';
import { SimFs } from './fs.ts';
import type { Timer } from './scheduler.ts';
import type { World } from './world.ts';

export const GROUP = 'group';
export const MAPPING = 'mapping';

const ACCOUNTS: Accounts = { userName: () => null, groupName: () => null, uid: () => null, gid: () => null };

export interface Machine {
  readonly name: string;
  readonly index: number;
  readonly disk: Disk;
  readonly store: MemoryStore;
  /** wall clock */
  now(): number;
  /** Runs before every system call of the engine; may throw. */
  beforeCall(call: string, inode: Inode | null, name: string): void;
  /** Marks the time in which the engine itself works on the disk. */
  asEngine<T>(body: () => T): T;
  /** The run of the daemon has ended in the middle of its work. */
  crashed(run: Run): void;
}

/** How scans and applies see the disk. */
export interface DiskOptions {
  readonly root: { readonly path: string; readonly dev: bigint; readonly ino: bigint };
  readonly owner: 'numeric';
  readonly accounts: Accounts;
  now(): bigint;
  clock(): number;
}

/** One run of the daemon: its system calls, and its events, which end with it. */
export class Run {
  readonly machine: Machine;
  readonly world: World;
  readonly fs: SimFs;
  /** the mapping's root; set when it was prepared */
  rootFd: Fd = -1;
  alive = true;

  constructor(machine: Machine, world: World) {
    this.machine = machine;
    this.world = world;
    this.fs = new SimFs(machine.disk, (call, inode, name) => machine.beforeCall(call, inode, name));
    world.sabotage.sys?.(this.fs);
  }

  /** Nothing of it happens any more. */
  end(): void {
    this.alive = false;
    this.fs.end();
  }

  later(delayMs: number, run: () => void, background = false): Timer {
    const whenAlive = (): void => {
      if (this.alive) run();
    };
    return this.world.scheduler.after(delayMs, whenAlive, background);
  }

  /** Soon: within so many ms, as the seed decides. */
  soon(withinMs: number, run: () => void): void {
    this.later(this.world.random.int(withinMs), run);
  }

  /** Work on the disk, which may end the run; undefined when it did. */
  onDisk<T>(body: () => T): T | undefined {
    try {
      return this.machine.asEngine(body);
    } catch (error) {
      // What runs after the end of its process may fail in any way.
      if (this.alive && !(error instanceof Crash)) throw error;
      this.machine.crashed(this);
      return undefined;
    }
  }

  trace(what: string): void {
    this.world.trace.add(this.world.scheduler.now(), this.machine.name, what);
  }

  diskOptions(): DiskOptions {
    const { disk } = this.machine;
    return {
      root: { path: '/', dev: disk.dev, ino: disk.root.ino },
      owner: 'numeric',
      accounts: ACCOUNTS,
      now: () => disk.stamps.exact(),
      clock: () => 0,
    };
  }
}

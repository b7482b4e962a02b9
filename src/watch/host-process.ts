/** One forked watch host: its process, its canary's directory and its signs of life. */
import { fork, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HostFigures, HostMessage, HostOrders } from './protocol.ts';

export interface HostEvents {
  readonly onMessage: (message: Exclude<HostMessage, { kind: 'beat' | 'begun' }>) => void;
  /** It ended, by itself or killed, or could not be started. */
  readonly onEnd: (how: string) => void;
}

// host.ts in a checkout, host.js in the package.
const HOST = fileURLToPath(new URL(`./host${extname(import.meta.url)}`, import.meta.url));
const TMPFS = 0x01021994;

export class HostProcess {
  readonly startedAt = performance.now();
  /** without @parcel/watcher when false */
  readonly recursive: boolean;
  /** its start is over: it may be covered before, with the recursive watch still to come */
  begun = false;
  figures: HostFigures | null = null;
  /** monotonic ms of the last sign of life */
  heardAt = performance.now();
  readonly #child: ChildProcess;
  readonly #ended = Promise.withResolvers<void>();
  #canary: string | null;

  constructor(orders: Omit<HostOrders, 'canary'>, events: HostEvents) {
    const canary = canaryFolder();
    this.#canary = canary;
    this.recursive = orders.recursive;
    // No signal must reach it that has a handler: @parcel/watcher's thread ends when one interrupts it.
    // In a session of its own: a Ctrl-C at the daemon's terminal is for the daemon, which still has work to end.
    this.#child = fork(HOST, [], {
      detached: true,
      execArgv: ['--disable-sigusr1'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child.on('message', (message: HostMessage) => {
      this.heardAt = performance.now();
      if (message.kind === 'beat') this.figures = message.figures;
      else if (message.kind === 'begun') this.begun = true;
      else events.onMessage(message);
    });
    this.#child.once('exit', (code, signal) => this.#end(events, signal ?? `exit code ${code}`));
    this.#child.on('error', (error) => {
      if (this.#child.pid === undefined) this.#end(events, error.message);
    });
    this.#child.send({ ...orders, canary } satisfies HostOrders, () => {
      // A host that is gone already reports its end.
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Resolves when the process is gone. */
  kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    return this.#ended.promise;
  }

  #end(events: HostEvents, how: string): void {
    if (this.#canary === null) return;
    rmSync(this.#canary, { recursive: true, force: true });
    this.#canary = null;
    this.#ended.resolve();
    events.onEnd(how);
  }
}

/** A new one; those of daemons that were killed are cleaned away. */
function canaryFolder(): string {
  const folder = memoryFolder();
  for (const name of readdirSync(folder)) if (isAbandoned(name)) removeIfAllowed(`${folder}/${name}`);
  return mkdtempSync(`${folder}/csyncd-watch-${process.pid}-`);
}

function isAbandoned(name: string): boolean {
  const [, pid] = /^csyncd-watch-(\d+)-/.exec(name) ?? [];
  return pid !== undefined && !existsSync(`/proc/${pid}`);
}

function removeIfAllowed(dir: string): void {
  try {
    rmSync(dir, { recursive: true, force: true });
  } catch {
    // Another user's.
  }
}

/** A folder in memory: what is written there once in a while wakes no disk. */
function memoryFolder(): string {
  for (const folder of ['/run/csyncd', '/dev/shm', '/run']) {
    try {
      if (statfsSync(folder).type === TMPFS) return folder;
    } catch {
      // Not on this machine, or not for us.
    }
  }
  return tmpdir();
}

/** One node of the demonstration: a real daemon, a process of its own, with its own config, key and state. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ControlClient } from '../../control/client.ts';
import { CsyncdError } from '../../util/errors.ts';

const STOP_MS = 12_000;

export class DemoNode {
  readonly name: string;
  /** the mapped directory */
  readonly root: string;
  readonly config: string;
  readonly client: ControlClient;
  readonly #log: string;
  #process: ChildProcess | null = null;

  /** @param folder holds all that belongs to the node */
  constructor(name: string, folder: string) {
    this.name = name;
    this.root = join(folder, 'files');
    this.config = join(folder, 'csyncd.yaml');
    this.client = new ControlClient(join(folder, 'control.sock'));
    this.#log = join(folder, 'log');
    mkdirSync(this.root, { recursive: true });
  }

  start(): void {
    const log = openSync(this.#log, 'a');
    const main = process.argv[1] ?? '';
    const args = [...process.execArgv, main, 'run', '--config', this.config];
    // Without the service manager's variables, lest the node tells it of a readiness that is not the caller's.
    const { NOTIFY_SOCKET: _, WATCHDOG_USEC: __, JOURNAL_STREAM: ___, ...env } = process.env;
    this.#process = spawn(process.execPath, args, { stdio: ['ignore', log, log], env });
    closeSync(log);
  }

  /** Throws, with the end of its log, when the daemon has ended. */
  assertRunning(): void {
    const ended = this.#process?.exitCode ?? this.#process?.signalCode ?? null;
    if (ended === null) return;
    const tail = readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-8).join('\n  ');
    throw new CsyncdError(
      'demo',
      `the daemon of ${this.name} ended (${ended}); the end of its log:\n  ${tail}`,
    );
  }

  /** Asks it to stop, as systemd does, and waits. */
  async stop(): Promise<void> {
    const running = this.#process;
    if (running === null || running.exitCode !== null || running.signalCode !== null) return;
    const ended = once(running, 'exit');
    running.kill('SIGTERM');
    const inTime = await Promise.race([ended.then(() => true), delay(STOP_MS, false, { ref: false })]);
    if (inTime) return;
    running.kill('SIGKILL');
    await ended;
  }
}

/** A csyncd process and its log. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { usageOfTree } from './usage.ts';
import type { ProcessUsage } from './usage.ts';

export interface Exit {
  /** null when a signal ended it */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Daemon {
  readonly exited: Promise<Exit>;
  exit: Exit | null = null;
  readonly #child: ChildProcess;

  /** Starts a command whose output is appended to a log file. */
  constructor(command: readonly string[], logFile: string, env: Readonly<Record<string, string>>) {
    const [program = '', ...args] = command;
    const log = openSync(logFile, 'a');
    this.#child = spawn(program, args, { stdio: ['ignore', log, log], env: { ...process.env, ...env } });
    closeSync(log);
    this.exited = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('exit', (code, signal) => {
        this.exit = { code, signal };
        resolve(this.exit);
      });
    });
  }

  /** The daemon's processes, its own first: not those of strace or the like, under which it may run. */
  processes(): ProcessUsage[] {
    const all = usageOfTree(this.#child.pid ?? 0);
    const own = all.findIndex(({ command }) => /^\S*node .*\/main\.[jt]s run /.test(command));
    return own === -1 ? [] : all.slice(own);
  }

  signal(signal: NodeJS.Signals): void {
    const [own] = this.processes();
    if (own === undefined) throw new Error('the daemon does not run');
    process.kill(own.pid, signal);
  }
}

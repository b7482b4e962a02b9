/**
 * A watcher in a process of its own, for tests that limit or kill that process: `node remote.ts OPTIONS` with the options
 * as JSON prints each event as a line of JSON.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createWatcher, type Tuning } from '../../src/watch/supervisor.ts';
import type { Watcher, WatcherEvent, WatcherOptions } from '../../src/watch/watcher.ts';

const HERE = fileURLToPath(import.meta.url);

export interface RemoteWatcher extends Watcher {
  pid(): number;
  /** the process's end, by whatever cause */
  readonly ended: Promise<void>;
}

/** @param command what to run instead of `node`, with node's path and arguments after it */
export function remoteWatcher(
  options: WatcherOptions,
  tuning: Partial<Tuning>,
  command: readonly string[] = [],
): RemoteWatcher {
  const { onEvent, ...rest } = options;
  const ended = Promise.withResolvers<void>();
  let pid = 0;
  let kill = (): void => {};
  return {
    start() {
      const argv = [...command, process.execPath, HERE, JSON.stringify({ options: rest, tuning })];
      const child = spawn(argv[0] ?? '', argv.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
      pid = child.pid ?? 0;
      kill = () => void child.kill('SIGKILL');
      child.once('exit', () => ended.resolve());
      createInterface({ input: child.stdout }).on('line', (line) =>
        onEvent(JSON.parse(line) as WatcherEvent),
      );
    },
    stop() {
      kill();
      return ended.promise;
    },
    status() {
      throw new Error('the process does not tell its status');
    },
    pid: () => pid,
    ended: ended.promise,
  };
}

if (process.argv[1] === HERE) {
  const { options, tuning } = JSON.parse(process.argv[2] ?? '') as {
    options: Omit<WatcherOptions, 'onEvent'>;
    tuning: Partial<Tuning>;
  };
  const onEvent = (event: WatcherEvent): void => void process.stdout.write(`${JSON.stringify(event)}\n`);
  createWatcher({ ...options, onEvent }, tuning).start();
}

/** Where `csyncd` starts, and the only place that constructs concrete parts. */
import type { Io } from './cli/context.ts';
import { runCli, type Parts } from './cli/program.ts';

const io: Io = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  isTerminal: process.stdout.isTTY,
};

// A reader that went away (`csyncd events | head`) is not an error.
process.stdout.on('error', () => process.exit(0));

const interrupted = new AbortController();

const parts: Parts = {
  signal: interrupted.signal,
  runAction: async (words, report) => {
    const { runAction } = await import('./backends/csync2/run-action.ts');
    return runAction(words, report);
  },
  runDaemon: async (config, io) => {
    // The daemon hears its signals itself.
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    const { runDaemon } = await import('./daemon.ts');
    const { createWatcher } = await import('./watch/supervisor.ts');
    const { openNodeBackends } = await import('./backends/node-backends.ts');
    const code = await runDaemon(config, io, {
      createBackends: openNodeBackends,
      createWatcher: (options) => createWatcher(options),
    });
    // What was cut off must not keep the process: the unit's time to stop is bounded.
    process.exit(code);
  },
};

function interrupt(): void {
  interrupted.abort();
  // A second one does not wait for the orderly end.
  process.once('SIGINT', () => process.exit(130));
}

process.once('SIGINT', interrupt).once('SIGTERM', interrupt);

process.exitCode = await runCli(process.argv.slice(2), io, parts);

/** The commands and their options: the one table that makes the command line. What a command does is loaded when it runs. */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { parseDuration } from '../util/durations.ts';
import { version } from '../util/version.ts';
import { errorText, type Context, type Io } from './context.ts';
import { controlSocketOf, DEFAULT_CONFIG } from './control-socket.ts';
import { EXIT, exitCodeOf } from './exit.ts';

/** What is not the command line's own: main.ts gives it. */
export interface Parts {
  /** `run`: the daemon, until it has stopped; resolves to the exit code. */
  readonly runDaemon: (config: string, io: Io) => Promise<number>;
  /** `run-action`, which csync2 calls; resolves to whether the action's command succeeded. */
  readonly runAction: (words: readonly string[], report: (text: string) => void) => Promise<boolean>;
  /** aborts at Ctrl-C */
  readonly signal: AbortSignal;
}

/** @param args without node and script; @returns the exit code */
export async function runCli(args: readonly string[], io: Io, parts: Parts): Promise<number> {
  // Not an option of the program: `backups restore --version V` is another one, which commander would take for it.
  if (args[0] === '-V' || args[0] === '--version') {
    io.out(`${version()}\n`);
    return EXIT.ok;
  }
  let code: number = EXIT.ok;
  const program = createProgram(io, parts, (result) => {
    code = result;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    // Commander has printed what is wrong, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (parts.signal.aborted) return EXIT.failed;
    io.err(errorText(error));
    if (process.env['CSYNCD_DEBUG'] !== undefined && error instanceof Error) io.err(`${error.stack}\n`);
    return exitCodeOf(error);
  }
  return code;
}

/** All commands and options, to be described; nothing of it can be run. */
export function commandLine(): Command {
  const nobody = (): never => {
    throw new Error('only a description of the command line');
  };
  return createProgram(
    { out: nobody, err: nobody, isTerminal: false },
    { runDaemon: nobody, runAction: nobody, signal: new AbortController().signal },
    nobody,
  );
}

type Run = (context: Context, ...args: never[]) => number | Promise<number>;

function createProgram(io: Io, parts: Parts, done: (code: number) => void): Command {
  const program = new Command('csyncd')
    .description('Keeps the same directories on all nodes of a small cluster.')
    .option('--config <file>', 'the main config file', DEFAULT_CONFIG)
    .option('--json', 'print JSON')
    .configureOutput({
      writeOut: io.out,
      writeErr: io.err,
      outputError: (text, write) => write(text.replace(/^error: /, 'csyncd: ')),
    })
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', '\ncsyncd -V, --version prints the version.')
    .showHelpAfterError('(csyncd --help shows the commands)')
    .exitOverride();

  const context = (): Context => {
    const { config, json } = program.opts<{ config: string; json?: boolean }>();
    return {
      ...io,
      config,
      json: json === true,
      signal: parts.signal,
      client: async () => {
        const { ControlClient } = await import('../control/client.ts');
        return new ControlClient(await controlSocketOf(config));
      },
    };
  };
  // Commander gives an action its arguments, then the options, then the command itself.
  const run =
    (load: () => Promise<Run>) =>
    async (...given: unknown[]): Promise<void> => {
      const command = await load();
      done(await command(context(), ...(given.slice(0, -1) as never[])));
    };
  addDaemon(program, run, parts, io);
  addConfig(program, run);
  addLooking(program, run);
  addDeciding(program, run);
  addNode(program, run);
  return program;
}

type Runner = (load: () => Promise<Run>) => (...given: unknown[]) => Promise<void>;

function addDaemon(program: Command, run: Runner, parts: Parts, io: Io): void {
  program
    .command('run')
    .description('the daemon, in the foreground')
    .action(
      run(
        async () =>
          ({ config }) =>
            parts.runDaemon(config, io),
      ),
    );
  program
    .command('run-action', { hidden: true })
    .argument('<words...>')
    .action(
      run(
        async () =>
          async ({ err }, words: string[]) =>
            (await parts.runAction(words, err)) ? EXIT.ok : EXIT.failed,
      ),
    );
  program
    .command('reload')
    .description('reread the config; returns when it is in force, or why not')
    .action(run(async () => (await import('./commands/reload.ts')).reload));
}

function addConfig(program: Command, run: Runner): void {
  const config = program.command('config').description('check and show the config');
  config
    .command('check')
    .argument(
      '[file]',
      'a file that is to take the place of --config: its fragments are those beside it, or else beside --config',
    )
    .option('--strict', 'also look at this machine: directories, keys, certificates')
    .description('validate; print every fault, or ok')
    .action(run(async () => (await import('./commands/config.ts')).checkConfigFile));
  config
    .command('show')
    .description('the resolved config with all defaults')
    .action(run(async () => (await import('./commands/config.ts')).showConfigFile));
  config
    .command('unit')
    .description('the systemd drop-in that this config needs')
    .action(run(async () => (await import('./commands/config.ts')).showUnit));
  config
    .command('import')
    .argument(
      '<file...>',
      'csync2.cfg, csync2_NAME.cfg and lsyncd.conf.lua, several together; - is standard input',
    )
    .description('the same as a csyncd.yaml on standard output; what has no counterpart is a warning')
    .action(run(async () => (await import('./commands/config-import.ts')).importConfig));
  config
    .command('csync2')
    .argument('[group]', 'default: the only one with backend: csync2')
    .description('the csync2.cfg that csyncd generates for a group')
    .action(run(async () => (await import('./commands/config.ts')).showCsync2Config));
  program
    .command('keygen')
    .argument('[file]', 'where to; default: the keys that the config names and that are missing')
    .description('a new group key; never overwrites')
    .action(run(async () => (await import('./commands/keygen.ts')).keygen));
}

function addLooking(program: Command, run: Runner): void {
  program
    .command('status')
    .option('--watch', 'again whenever it changes')
    .description('groups, mappings, peers, lag, backlog, conflicts, holds, errors')
    .action(run(async () => (await import('./commands/status.ts')).status));
  program
    .command('sync')
    .argument('[path...]', 'absolute below a mapping, or MAPPING:relative/path; default: everything')
    .option('--wait', 'until every peer has acknowledged what this node has now')
    .option('--timeout <duration>', 'how long to wait', duration, 60_000)
    .description('look at these paths now')
    .action(run(async () => (await import('./commands/sync.ts')).sync));
  program
    .command('verify')
    .argument('[mapping...]', 'default: all')
    .option('--deep', 'reread the content of every file')
    .description('prove that all online nodes hold the same tree')
    .action(run(async () => (await import('./commands/verify.ts')).verify));
  program
    .command('explain')
    .argument('<path>')
    .description('which mapping and rule, its state, versions and author here')
    .action(run(async () => (await import('./commands/explain.ts')).explain));
  program
    .command('events')
    .option('--follow', 'go on with those that come')
    .option('--since <time>', 'a time (2026-05-01T12:00) or how long ago (1h)', instant)
    .description('the audit trail: who changed what, when, from which node, with what result')
    .action(run(async () => (await import('./commands/events.ts')).events));
}

function addDeciding(program: Command, run: Runner): void {
  const conflicts = program.command('conflicts').description('see and resolve conflicts');
  conflicts
    .command('list', { isDefault: true })
    .description('all conflicts')
    .action(run(async () => (await import('./commands/conflicts.ts')).listConflicts));
  conflicts
    .command('show')
    .argument('<path>')
    .description('the versions of one path')
    .action(run(async () => (await import('./commands/conflicts.ts')).showConflict));
  conflicts
    .command('resolve')
    .argument('<path>')
    .requiredOption('--keep <version>', 'a node, newest, or a version from show')
    .description('decide which version stays')
    .action(run(async () => (await import('./commands/conflicts.ts')).resolveConflict));

  const backups = program.command('backups').description('see and restore what was replaced or deleted');
  backups
    .command('list', { isDefault: true })
    .argument('[path]')
    .description('the versions kept on this node')
    .action(run(async () => (await import('./commands/backups.ts')).listBackups));
  backups
    .command('restore')
    .argument('<path>')
    .requiredOption('--version <version>', 'from list')
    .description('put a version back, as a new edit')
    .action(run(async () => (await import('./commands/backups.ts')).restoreBackup));

  for (const what of ['pause', 'resume'] as const) {
    program
      .command(what)
      .argument('[mapping]', 'default: all')
      .option('--peer <node>', 'only the exchange with this peer')
      .description(what === 'pause' ? 'stop the exchange' : 'go on with the exchange')
      .action(
        run(async () => {
          const { pause } = await import('./commands/pause.ts');
          return (context, mapping: string | undefined, options: { peer?: string }) =>
            pause(context, what, mapping, options);
        }),
      );
  }
  for (const what of ['approve', 'reject'] as const) {
    program
      .command(what)
      .argument('<mapping>')
      .description(what === 'approve' ? 'release a held mass deletion' : 'undo a held mass deletion')
      .action(
        run(async () => {
          const { decide } = await import('./commands/decide.ts');
          return (context, mapping: string) => decide(context, what, mapping);
        }),
      );
  }
  program
    .command('revert')
    .argument('<mapping>')
    .description("on a receive node: put the cluster's state back, local edits go to backup")
    .action(run(async () => (await import('./commands/revert.ts')).revert));
}

function addNode(program: Command, run: Runner): void {
  const peers = program.command('peers').description('identities of the peers');
  peers
    .command('list', { isDefault: true })
    .description('fingerprints, pinned since when')
    .action(run(async () => (await import('./commands/peers.ts')).listPeers));
  peers
    .command('forget')
    .argument('<node>')
    .description('forget a pinned certificate')
    .action(run(async () => (await import('./commands/peers.ts')).forgetPeer));
  program
    .command('doctor')
    .description('look for what is wrong with this node; each finding with its remedy')
    .action(run(async () => (await import('./commands/doctor.ts')).doctor));
  program
    .command('demo')
    .option('--once', 'end after verify instead of running on')
    .description('three nodes on loopback in a temporary folder, for a first look')
    .action(run(async () => (await import('./demo/demo.ts')).demo));
}

/** ms */
function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === null) throw new InvalidArgumentError('write a duration, such as 250ms, 10s, 5m, 1h.');
  return ms;
}

/** ms since 1970 */
function instant(text: string): number {
  const ago = parseDuration(text);
  if (ago !== null) return Date.now() - ago;
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new InvalidArgumentError('write a time (2026-05-01T12:00) or a duration (1h).');
  return at;
}

/**
 * One group's csync2 binary with its config and database: every run goes through here. Paths are byte strings and travel
 * through xargs, because a command line that Node makes cannot carry bytes that are not UTF-8; xargs also splits long lists.
 */
import { execa } from 'execa';
import { setTimeout as pause } from 'node:timers/promises';
import { join } from 'node:path';
import { backoffMs } from '../../util/backoff.ts';
import type { Logger } from '../../util/log.ts';
import { csync2Busy, csync2Locked, startFailure } from './failures.ts';
import { Lines } from './lines.ts';
import { groupEnded } from './process-group.ts';
import { watchProgress } from './progress.ts';
import { versionIn } from './version.ts';

export interface ProgramSettings {
  readonly binary: string;
  /** where csync2.cfg and the TLS identity are: CSYNC2_SYSTEM_DIR */
  readonly systemDir: string;
  /** as for `csync2 -C`; null: csync2.cfg */
  readonly configName: string | null;
  /** csync2's name of this node, which must be an address of it or resolve to one: `-N` */
  readonly host: string;
  readonly databaseDir: string;
  readonly port: number;
  /** further options of the operator's */
  readonly args: readonly string[];
  readonly log?: Logger;
  /** ms without progress after which a run is reported as stalled */
  readonly stallMs?: number;
  /** ms without progress after which a run is killed */
  readonly killMs?: number;
}

export interface RunOptions {
  readonly args: readonly string[];
  /** absolute byte paths, put behind `args`; none at all: nothing is run */
  readonly paths?: readonly string[];
  /** Ends the run and all it started: SIGTERM, then SIGKILL; `run` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Gets stderr's lines as they come; they are not collected then. */
  readonly onLine?: (line: string) => void;
  /** The run makes no progress: its peer does not answer. */
  readonly onStall?: () => void;
}

export interface RunResult {
  /** csync2's own, also below xargs (any failure of several counts as 1); null when a signal ended it */
  readonly exitCode: number | null;
  /** byte strings */
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  /** it was killed because it made no progress for too long */
  readonly isGivenUp: boolean;
}

/** A peer that has to read a large file through before it answers is no dead one. */
const STALL_MS = 3000;
const KILL_MS = 900_000;
const TERM_MS = 3000;
/** csync2 itself waited `lock-timeout` before each of them. */
const BUSY_TRIES = 4;
const BUSY_WAIT = { firstMs: 500, maxMs: 4000 };
/** Bytes of one command line: well below what any kernel takes, and thousands of paths. */
const COMMAND_BYTES = 512_000;

export class Csync2Program {
  readonly settings: ProgramSettings;

  constructor(settings: ProgramSettings) {
    this.settings = settings;
  }

  /** The command line of a run, without paths. */
  command(args: readonly string[]): string[] {
    const { binary, host, databaseDir, port, configName, args: further } = this.settings;
    const config = configName === null ? [] : ['-C', configName];
    return [binary, '-N', host, '-D', databaseDir, '-p', String(port), ...config, ...further, ...args];
  }

  environment(): Record<string, string> {
    return { CSYNC2_SYSTEM_DIR: this.settings.systemDir, LC_ALL: 'C' };
  }

  /** The file that makes csync2 refuse everything, while it exists. */
  killSwitch(): string {
    return join(this.settings.systemDir, 'csync2.lock');
  }

  /**
   * Runs csync2 once, or several times when the paths do not fit one command line or the database is busy. Everything that
   * csync2 itself reports is the caller's to read. Rejects with a CsyncdError when it cannot run at all: `csync2-missing`,
   * `csync2-unusable`, `csync2-locked`, `csync2-busy`.
   */
  async run(options: RunOptions): Promise<RunResult> {
    if (options.paths?.length === 0) return { exitCode: 0, stdout: [], stderr: [], isGivenUp: false };
    for (let attempt = 0; ; attempt++) {
      options.signal?.throwIfAborted();
      const { isBusy, ...result } = await this.#once(options);
      if (!isBusy) return result;
      if (attempt + 1 === BUSY_TRIES) throw csync2Busy(this.settings.databaseDir);
      this.settings.log?.debug({ attempt }, 'csync2 finds its database busy');
      const wait = backoffMs(attempt, BUSY_WAIT, Math.random());
      await pause(wait, undefined, options.signal === undefined ? {} : { signal: options.signal });
    }
  }

  /**
   * Finds out what is installed. Rejects with a CsyncdError: `csync2-missing`, `csync2-too-old`, `csync2-unusable`.
   * @returns the version, such as `2.1-0rc1`
   */
  async checkVersion(): Promise<string> {
    const { binary } = this.settings;
    // A system directory that has a kill switch would hide the version.
    const env = { ...this.environment(), CSYNC2_SYSTEM_DIR: '/nonexistent' };
    const result = await execa(binary, { env, reject: false, timeout: 30_000, stdin: 'ignore', all: true });
    const failure = startFailure(binary, result);
    if (failure !== null) throw failure;
    return versionIn(result.all, binary);
  }

  async #once(options: RunOptions): Promise<RunResult & { isBusy: boolean }> {
    const { settings } = this;
    const viaXargs = options.paths !== undefined;
    const [program = '', ...args] = viaXargs
      ? ['xargs', '-0', '-s', String(COMMAND_BYTES), ...this.command(options.args)]
      : this.command(options.args);
    const child = execa(program, args, {
      cwd: '/',
      env: this.environment(),
      reject: false,
      buffer: false,
      encoding: 'buffer',
      killDescendants: true,
      forceKillAfterDelay: TERM_MS,
      ...(viaXargs ? { input: joined(options.paths) } : { stdin: 'ignore' as const }),
      ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    });
    const stdout: string[] = [];
    const stderr: string[] = [];
    let isBusy = false;
    const out = new Lines((line) => stdout.push(line));
    const err = new Lines((line) => {
      if (line.startsWith('Database backend is exceedingly busy')) isBusy = true;
      else if (options.onLine === undefined) stderr.push(line);
      else options.onLine(line);
    });
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    let isGivenUp = false;
    const unwatch = watchProgress(child.pid, {
      stallMs: settings.stallMs ?? STALL_MS,
      killMs: settings.killMs ?? KILL_MS,
      onStall: () => options.onStall?.(),
      onGivenUp: () => {
        isGivenUp = true;
        child.kill();
      },
    });
    const result = await child.finally(unwatch);
    out.end();
    err.end();
    if (result.isCanceled) {
      await groupEnded(child.pid, TERM_MS);
      options.signal?.throwIfAborted();
    }
    const failure = startFailure(settings.binary, result);
    if (failure !== null) throw failure;
    const killSwitch = this.killSwitch();
    if (stdout.some((line) => line.startsWith(`Found ${killSwitch}`))) throw csync2Locked(killSwitch);
    return { exitCode: ownExitCode(result.exitCode, viaXargs), stdout, stderr, isGivenUp, isBusy };
  }
}

function joined(paths: readonly string[]): Buffer {
  return Buffer.from(paths.map((path) => `${path}\0`).join(''), 'latin1');
}

/** xargs says 123 when csync2 failed and 125 when a signal ended it. */
function ownExitCode(exitCode: number | undefined, viaXargs: boolean): number | null {
  if (exitCode === undefined) return null;
  if (!viaXargs) return exitCode;
  if (exitCode === 125) return null;
  return exitCode === 0 ? 0 : 1;
}

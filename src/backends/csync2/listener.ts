/**
 * csync2's listener as a child of the daemon: started, started again with back-off when it ends, and ended with its sessions
 * at a stop. It kills nothing that is not its own.
 */
import { execa } from 'execa';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { boundSilence } from '../../sys/silence.ts';
import { backoffMs } from '../../util/backoff.ts';
import type { Clock } from '../../util/clock.ts';
import { messageOf, type CsyncdError } from '../../util/errors.ts';
import type { Logger } from '../../util/log.ts';
import { csync2Locked, listenerEnded, startFailure } from './failures.ts';
import { Lines } from './lines.ts';
import { listeningSocket } from './listening.ts';
import { ListenerOutput, type ListenerEvent } from './listener-output.ts';
import { groupEnded } from './process-group.ts';
import type { Csync2Program } from './program.ts';

export interface ListenerOptions {
  readonly program: Csync2Program;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onEvent: (event: ListenerEvent) => void;
  /** s after which a session ends whose peer is not there any more, or takes nothing of what it asked for */
  readonly silentS?: number;
}

const WAIT = { firstMs: 1000, maxMs: 30_000 };
/** ms after which one that listened counts as having started well */
const STEADY_MS = 60_000;
const TERM_MS = 3000;
const SILENT_S = 60;
const LISTEN_MS = 10;
const LISTEN_AT_MOST_MS = 1000;
const LAST_LINES = 5;
/** Ends the listener also when the daemon is killed: left behind, it would hold the port against the next one. */
const SETPRIV = '/usr/bin/setpriv';

export class Listener {
  readonly #options: ListenerOptions;
  readonly #abort = new AbortController();
  #attempt = 0;
  #ready = Promise.withResolvers<void>();
  #ended: Promise<void> = Promise.resolve();
  #cancelWait: (() => void) | null = null;
  #problem: CsyncdError | null = null;
  /** the process that listens, without its sessions */
  #leader: ChildProcess | null = null;
  #isLeaving = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#ready.promise.catch(() => undefined);
  }

  start(): void {
    this.#ended = this.#run();
  }

  /**
   * Resolves when it listens. Rejects with a CsyncdError when the attempt under way, or the last one, failed: `csync2-port-taken`,
   * `csync2-address`, `csync2-locked`, `csync2-missing`, `csync2-unusable`, `csync2-listener`. It is tried again all the same.
   */
  ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Why it does not listen now; null when it does, or has not been started. */
  problem(): CsyncdError | null {
    return this.#problem;
  }

  /**
   * Ends the listener and its sessions; resolves when they have ended.
   *
   * @param graceMs for so long sessions may go on: what one has put in place since it last committed csync2 forgets when it
   *   is killed, and at the next start it would count as changed on this node
   */
  async stop(graceMs = 0): Promise<void> {
    if (graceMs > 0 && this.#leader !== null) {
      this.#isLeaving = true;
      this.#leader.kill('SIGTERM');
      await groupEnded(this.#leader.pid, graceMs);
    }
    this.#abort.abort();
    this.#cancelWait?.();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    const startedAt = clock.now();
    const error = await this.#once();
    if (this.#abort.signal.aborted || error === null) return;
    this.#cancelWait?.();
    this.#problem = error;
    this.#ready.reject(error);
    log.warn({ code: error.code, hint: error.hint }, error.message);
    if (clock.now() - startedAt > STEADY_MS) this.#attempt = 0;
    const wait = backoffMs(this.#attempt++, WAIT, clock.random());
    this.#cancelWait = clock.after(wait, () => {
      this.#ready = Promise.withResolvers<void>();
      this.#ready.promise.catch(() => undefined);
      this.start();
    });
  }

  /** Until it ends: why it did; null after a stop. */
  async #once(): Promise<CsyncdError | null> {
    const { program } = this.#options;
    const { binary, host, port } = program.settings;
    const own = program.command(['-ii', '-v']);
    const [command = '', ...args] = existsSync(SETPRIV)
      ? [SETPRIV, '--pdeathsig', 'TERM', '--', ...own]
      : own;
    const child = execa(command, args, {
      cwd: '/',
      env: program.environment(),
      reject: false,
      buffer: false,
      stdin: 'ignore',
      encoding: 'buffer',
      killDescendants: true,
      forceKillAfterDelay: TERM_MS,
      cancelSignal: this.#abort.signal,
    });
    const last: string[] = [];
    const output = new ListenerOutput((event) => {
      if (event.kind === 'listening') this.#awaitListening(child.pid ?? 0);
      this.#options.onEvent(event);
    });
    const keep = (line: string): void => {
      last.push(line);
      if (last.length > LAST_LINES) last.shift();
    };
    const out = new Lines(keep);
    const err = new Lines((line) => {
      keep(line);
      output.line(line);
    });
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    // When it dies, its sessions would keep its output open and the next one waiting.
    this.#leader = child.nodeChildProcess;
    child.nodeChildProcess.once('exit', () => {
      if (!this.#isLeaving) child.kill();
    });
    const result = await child;
    this.#leader = null;
    await groupEnded(child.pid, TERM_MS);
    out.end();
    err.end();
    if (this.#abort.signal.aborted || this.#isLeaving) return null;
    const failure = startFailure(binary, result);
    if (failure !== null) return failure;
    if (last.some((line) => line.startsWith(`Found ${program.killSwitch()}`)))
      return csync2Locked(program.killSwitch());
    return listenerEnded(`${host}:${port}`, last);
  }

  /** csync2 says that it listens just before it does. */
  #awaitListening(pid: number, tries = 0): void {
    const socket = listeningSocket(pid);
    // A binary that starts csync2 as a child cannot be looked into.
    if (socket !== null || tries * LISTEN_MS > LISTEN_AT_MOST_MS) {
      this.#boundSilence(pid, socket);
      this.#problem = null;
      this.#ready.resolve();
    } else {
      this.#cancelWait = this.#options.clock.after(LISTEN_MS, () => this.#awaitListening(pid, tries + 1));
    }
  }

  /**
   * csync2 waits for ever for a peer that is cut off in the middle of a session. One that was listing the table has a read
   * of the database open meanwhile, and no other run here can commit.
   */
  #boundSilence(pid: number, socket: number | null): void {
    const { silentS = SILENT_S, log } = this.#options;
    try {
      if (socket === null) throw new Error(`process ${pid} does not listen itself`);
      boundSilence(pid, socket, silentS);
    } catch (error) {
      log.warn(
        {
          hint: 'when checks go on ending with csync2-busy after a peer was cut off: systemctl restart csyncd',
        },
        `sessions of peers that are cut off cannot be ended: ${messageOf(error)}`,
      );
    }
  }
}

/** A node of a cluster: its directories, its config, its daemon, and what a test does there. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ControlClient } from '../../../src/control/client.ts';
import { run } from './command.ts';
import type { Finished } from './command.ts';
import { Daemon } from './daemon.ts';
import type { Exit } from './daemon.ts';
import type { Network, Traffic } from './network.ts';
import { isLive } from './status.ts';
import type { StatusReport } from './status.ts';
import { walkAtRest } from './tree.ts';
import type { HashCache, Precision, Tree } from './tree.ts';
import { until } from './until.ts';
import type { ProcessUsage } from './usage.ts';

/** A daemon that does not answer within this does not: it is frozen, or just ending. */
const ANSWER_MS = 30_000;
const CSYNCD = fileURLToPath(new URL('../../../bin/csyncd', import.meta.url));

export interface CommandResult extends Finished {
  /** what `--json` printed; null when it is no JSON */
  readonly json: unknown;
}

export interface StartOptions {
  /** a command that runs the daemon: `['strace', '-f', …]`, `['faketime', '+1h']` */
  readonly under?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Place {
  readonly name: string;
  /** holds everything of this node */
  readonly dir: string;
  readonly configFile: string;
  readonly stateDir: string;
  readonly controlSocket: string;
  /** mapping name to directory */
  readonly roots: Readonly<Record<string, string>>;
}

export class ClusterNode {
  readonly name: string;
  readonly place: Place;
  /** the first mapping's directory */
  readonly root: string;
  readonly #network: Network;
  readonly #logFile: string;
  readonly #control: ControlClient;
  readonly #hashes: HashCache = new Map();
  #daemon: Daemon | null = null;

  constructor(place: Place, network: Network) {
    this.name = place.name;
    this.place = place;
    this.root = Object.values(place.roots)[0] ?? '';
    this.#network = network;
    this.#logFile = join(place.dir, 'log');
    this.#control = new ControlClient(place.controlSocket);
  }

  // The daemon

  /** Starts the daemon and waits until all its mappings have been looked through. */
  async start(options: StartOptions = {}): Promise<void> {
    this.launch(options);
    await this.live();
  }

  /** Starts the daemon and does not wait. */
  launch(options: StartOptions = {}): void {
    if (this.#daemon !== null && this.#daemon.exit === null) throw new Error(`${this.name} runs already`);
    const command = [...(options.under ?? []), CSYNCD, 'run', '--config', this.place.configFile];
    this.#daemon = new Daemon(this.#network.at(this.name, command), this.#logFile, options.env ?? {});
  }

  /** Waits until all mappings have been looked through since the start. */
  async live(): Promise<void> {
    let status: StatusReport | null = null;
    const look = async () => {
      const exit = this.#daemon?.exit ?? null;
      if (exit !== null) throw new Error(`${this.name} ended: ${JSON.stringify(exit)}\n${this.log()}`);
      status = await this.status();
      return status !== null && isLive(status);
    };
    await until(`${this.name} is live`, look, { explain: () => `${JSON.stringify(status)}\n${this.log()}` });
  }

  get running(): boolean {
    return this.#daemon !== null && this.#daemon.exit === null;
  }

  /** How the daemon ended, once it has. */
  async exited(): Promise<Exit> {
    if (this.#daemon === null) throw new Error(`${this.name} was never started`);
    return await this.#daemon.exited;
  }

  /** SIGTERM, and how it ended. */
  async stop(): Promise<Exit> {
    this.signal('SIGTERM');
    return await this.exited();
  }

  async kill9(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** To the daemon itself; SIGSTOP and SIGCONT make it a zombie and bring it back. */
  signal(signal: NodeJS.Signals): void {
    if (this.#daemon === null) throw new Error(`${this.name} was never started`);
    this.#daemon.signal(signal);
  }

  /** The daemon's process first, then its children: CPU seconds, memory, bytes written. */
  usage(): ProcessUsage[] {
    return this.#daemon?.processes() ?? [];
  }

  traffic(): Traffic {
    return this.#network.traffic(this.name);
  }

  /** The last lines that the daemon wrote, of all its runs. */
  log(lines = 60): string {
    if (!fs.existsSync(this.#logFile)) return '';
    const text = fs.readFileSync(this.#logFile, 'utf8').trimEnd();
    return text.split('\n').slice(-lines).join('\n');
  }

  /** What somebody needs who wants to know why a test failed. */
  async lastWords(): Promise<string> {
    const status = this.running ? JSON.stringify(await this.status()) : 'not running';
    return `--- ${this.name}: ${status}\n${this.log()}`;
  }

  // The command line

  /** Runs `csyncd ARGS --config …` with this node's config. */
  async cli(...args: readonly string[]): Promise<CommandResult> {
    return await this.csyncd(...args, '--config', this.place.configFile);
  }

  /** Runs `csyncd ARGS` at this node. */
  async csyncd(...args: readonly string[]): Promise<CommandResult> {
    const finished = await run(this.#network.at(this.name, [CSYNCD, ...args]));
    return { ...finished, json: args.includes('--json') ? parsed(finished.stdout) : null };
  }

  /** null when no daemon answers. Asked in this process: a command a question would take most of a test's time. */
  async status(): Promise<StatusReport | null> {
    return await this.#control.call('status', {}, AbortSignal.timeout(ANSWER_MS)).catch(() => null);
  }

  /** Any other program at this node, in the mapping's directory; throws when it fails. */
  async run(...command: readonly string[]): Promise<string> {
    const finished = await run(this.#network.at(this.name, command), { cwd: this.root });
    if (finished.code === 0) return finished.stdout;
    throw new Error(`${command.join(' ')}: ${finished.code} ${finished.stderr}`);
  }

  // The files

  path(path = ''): string {
    return path === '' ? this.root : join(this.root, path);
  }

  /** Writes a file, with the directories that lead to it. */
  put(path: string, content: string | Uint8Array): void {
    fs.mkdirSync(join(this.path(path), '..'), { recursive: true });
    fs.writeFileSync(this.path(path), content);
  }

  append(path: string, content: string | Uint8Array): void {
    fs.appendFileSync(this.path(path), content);
  }

  mkdir(path: string): void {
    fs.mkdirSync(this.path(path), { recursive: true });
  }

  /** A file, a symlink or a whole directory. */
  remove(path: string): void {
    fs.rmSync(this.path(path), { recursive: true });
  }

  rename(from: string, to: string): void {
    fs.renameSync(this.path(from), this.path(to));
  }

  symlink(target: string, path: string): void {
    fs.symlinkSync(target, this.path(path));
  }

  exists(path: string): boolean {
    return fs.lstatSync(this.path(path), { throwIfNoEntry: false }) !== undefined;
  }

  /** null when there is no such file. */
  read(path: string): string | null {
    try {
      return fs.readFileSync(this.path(path), 'utf8');
    } catch {
      return null;
    }
  }

  /** A mapping's directory as it is now; null when something vanished during the walk. */
  tree(
    mapping: string,
    options: { readonly fresh: boolean; readonly precision?: Precision } = { fresh: true },
  ): Tree | null {
    const { fresh, precision = 'nanoseconds' } = options;
    return walkAtRest(
      this.place.roots[mapping] ?? '',
      fresh ? { precision } : { precision, cache: this.#hashes },
    );
  }

  /** Names in a mapping's `.csyncd/tmp`: nothing may stay there. */
  temporaries(mapping: string): string[] {
    const dir = join(this.place.roots[mapping] ?? '', '.csyncd', 'tmp');
    return fs.existsSync(dir) ? fs.readdirSync(dir) : [];
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

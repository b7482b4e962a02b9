/**
 * Hosts for programs as they are deployed: each with a network, a host name, /etc, /var, /run and /srv of its own, in
 * namespaces of this machine. There is no systemd and no cron: `systemctl` and `ssh` are the stand-ins in `bin/`, which run
 * the real programs, and a test itself says when a minute has passed. Needs root. Everything goes when the test ends.
 */
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { attempt, run } from '../cluster/command.ts';
import type { Finished } from '../cluster/command.ts';
import { Network } from '../cluster/network.ts';
import { until } from '../cluster/until.ts';
import { networkOf } from '../cluster/usage.ts';
import { inView, makeView } from './view.ts';

const PREFIX = 'csyt';
const STAND_INS = fileURLToPath(new URL('bin', import.meta.url));
const CSYNCD = fileURLToPath(new URL('../../../bin', import.meta.url));
const OWN = ['etc', 'srv', 'run', 'root', 'var'] as const;
const BELOW_VAR = ['log', 'lib/csync2', 'lib/csyncd', 'tmp', 'www'];

/** Makes hosts for the length of a test. */
export async function hosts<Name extends string>(
  test: TestContext,
  names: readonly Name[],
): Promise<Hosts<Name>> {
  const made = new Hosts<Name>(names);
  test.after(() => {
    if (!test.passed) for (const host of made.all) console.error(host.lastWords());
    made.destroy();
  });
  await made.up();
  return made;
}

export class Hosts<Name extends string> {
  readonly all: readonly Host[];
  readonly #byName: Readonly<Record<Name, Host>>;
  readonly #base: string;
  readonly #network: Network;
  readonly #onExit = () => this.destroy();

  constructor(names: readonly Name[]) {
    this.#base = fs.mkdtempSync(join(tmpdir(), `${PREFIX}-${process.pid}-`));
    process.once('exit', this.#onExit);
    this.#network = new Network(names);
    this.all = names.map((name) => new Host(name, this.#base, this.#network));
    this.#byName = Object.fromEntries(this.all.map((host) => [host.name, host])) as Record<Name, Host>;
  }

  at(name: Name): Host {
    return this.#byName[name];
  }

  async up(): Promise<void> {
    const names = this.all.map(({ name }) => `${this.#network.address(name)} ${name}\n`);
    await Promise.all(this.all.map((host) => host.up(`127.0.0.1 localhost\n${names.join('')}`)));
  }

  /** A minute passes: what stands in /etc/cron.d is run once on each host, one host after the other. Returns what failed. */
  async minute(): Promise<string[]> {
    const failed: string[] = [];
    for (const host of this.all) failed.push(...(await host.cron()));
    return failed;
  }

  /** Ends everything that runs there and removes everything. Never throws. */
  destroy(): void {
    process.off('exit', this.#onExit);
    this.#network.destroy();
    attempt('rm', '-rf', '--one-file-system', this.#base);
  }
}

export class Host {
  readonly name: string;
  readonly #base: string;
  readonly #dir: string;
  readonly #network: Network;
  /** keeps the host's view */
  #holder = 0;

  constructor(name: string, base: string, network: Network) {
    this.name = name;
    this.#base = base;
    this.#dir = join(base, name);
    this.#network = network;
  }

  /** Makes the host: its directories, and a process that does nothing and keeps its namespaces. */
  async up(names: string): Promise<void> {
    for (const dir of OWN) fs.mkdirSync(this.path(`/${dir}`), { recursive: true });
    for (const dir of BELOW_VAR) fs.mkdirSync(this.path(`/var/${dir}`), { recursive: true });
    fs.cpSync('/etc', this.path('/etc'), {
      recursive: true,
      verbatimSymlinks: true,
      preserveTimestamps: true,
    });
    // This machine's own jobs, and its csync2, are not the hosts'.
    for (const name of ['cron.d', 'csync2.cfg'])
      fs.rmSync(this.path(`/etc/${name}`), { recursive: true, force: true });
    fs.mkdirSync(this.path('/etc/cron.d'));
    this.put('/etc/hosts', names);
    this.put('/etc/hostname', `${this.name}\n`);
    const views = Object.fromEntries(OWN.map((dir) => [`/${dir}`, this.path(`/${dir}`)]));
    const command = this.#network.at(this.name, makeView(this.name, `${this.#dir}.ready`, views));
    const [program = '', ...args] = command;
    const log = fs.openSync(`${this.#dir}.log`, 'a');
    const { pid } = spawn(program, args, { stdio: ['ignore', log, log] });
    fs.closeSync(log);
    if (pid === undefined) throw new Error(`cannot run ${program}`);
    this.#holder = pid;
    await until(`${this.name} is up`, () => fs.existsSync(`${this.#dir}.ready`), {
      explain: () => fs.readFileSync(`${this.#dir}.log`, 'utf8'),
    });
    // For the stand-in of ssh.
    fs.writeFileSync(`${this.#dir}.pid`, `${pid}\n`);
  }

  /** Runs a line of shell in /root to its end. */
  async sh(line: string, boundMs?: number): Promise<Finished> {
    const env = [
      `PATH=${STAND_INS}:${CSYNCD}:/usr/sbin:/usr/bin:/sbin:/bin`,
      `TEST_HOSTS=${this.#base}`,
      `NODE_COMPILE_CACHE=${process.env['NODE_COMPILE_CACHE'] ?? ''}`,
      'HOME=/root',
    ];
    const command = inView(this.#holder, ['env', '-i', '-C', '/root', ...env, 'bash', '-c', line]);
    return await run(this.#network.at(this.name, command), boundMs === undefined ? {} : { boundMs });
  }

  /** The same; throws when it fails. */
  async must(line: string): Promise<string> {
    const { code, stdout, stderr } = await this.sh(line);
    if (code === 0) return stdout;
    throw new Error(`${this.name}# ${line}: exit ${code}\n${stdout}${stderr}`);
  }

  /** Runs what stands in /etc/cron.d once: the command of each line, whatever its times and user. */
  async cron(): Promise<string[]> {
    const dir = this.path('/etc/cron.d');
    const lines = fs.readdirSync(dir).flatMap((file) => fs.readFileSync(join(dir, file), 'utf8').split('\n'));
    const failed: string[] = [];
    for (const line of lines) {
      const command = /^(?:\S+\s+){6}(?<command>\S.*)$/.exec(line)?.groups?.['command'];
      if (command === undefined || line.startsWith('#')) continue;
      const { code, stdout, stderr } = await this.sh(command);
      if (code !== 0) failed.push(`${this.name}# ${command}: exit ${code}\n${stdout}${stderr}`);
    }
    return failed;
  }

  /** The names of the programs that run there. */
  programs(): string[] {
    const holder = String(this.#holder);
    const own = networkOf(holder);
    const pids = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== holder);
    return pids.filter((other) => networkOf(other) === own).map(commandOf);
  }

  /** Where a file of the host is, as seen from outside. */
  path(path: string): string {
    return join(this.#dir, path);
  }

  /** Writes a file, with the directories that lead to it. */
  put(path: string, content: string, mode = 0o644): void {
    fs.mkdirSync(join(this.path(path), '..'), { recursive: true });
    fs.writeFileSync(this.path(path), content, { mode });
  }

  /** null when there is no such file. */
  read(path: string): string | null {
    try {
      return fs.readFileSync(this.path(path), 'utf8');
    } catch {
      return null;
    }
  }

  exists(path: string): boolean {
    return fs.lstatSync(this.path(path), { throwIfNoEntry: false }) !== undefined;
  }

  remove(path: string): void {
    fs.rmSync(this.path(path), { recursive: true });
  }

  /** The ends of what its programs wrote. */
  lastWords(): string {
    const logs = fs.readdirSync(this.path('/var/log')).filter((name) => name.endsWith('.log'));
    const ends = logs.map((name) => {
      const text = this.read(`/var/log/${name}`) ?? '';
      return `--- ${this.name} ${name}\n${text.trimEnd().split('\n').slice(-40).join('\n')}`;
    });
    return ends.join('\n');
  }
}

function commandOf(pid: string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}

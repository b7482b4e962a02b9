/**
 * Debian's lsyncd + csync2, as the widespread Puppet article sets the pair up: on every host a listener, and an lsyncd that runs
 * `csync2 -x` after a change. It may end by itself or come to rest with different directories: that is a result.
 */
import { randomBytes } from 'node:crypto';
import type { ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { attempt } from '../../test/kit/cluster/command.ts';
import { until } from '../../test/kit/cluster/until.ts';
import { secondsUntil } from '../kit/arrival.ts';
import type { Meter } from '../kit/meter.ts';
import type { Phases } from '../kit/phases.ts';
import { HOSTS, PEERS } from './contestant.ts';
import type { Carried, HostName, Job, Watching } from './contestant.ts';
import { DATABASES, untilListening } from './csync2.ts';
import { Hosts } from './hosts.ts';
import { CHANGED, CONFIGS, csync2Config, lsyncdConfig } from './lsyncd-config.ts';

const BOUND_MS = 300_000;
/** how often it is started when its first run of csync2 fails, upon which it ends */
const STARTS = 5;

export class Lsyncd implements Watching {
  readonly name: string;
  readonly precision = 'seconds';
  readonly roots: Readonly<Record<HostName, string>>;
  readonly #hosts: Hosts;
  readonly #meter: Meter;
  /** the same path on all hosts */
  readonly #path: string;
  readonly #daemons = new Map<HostName, ChildProcess>();

  constructor(name: string, dir: string, meter: Meter) {
    this.name = name;
    this.#hosts = new Hosts(dir);
    this.#meter = meter;
    this.#path = this.#hosts.dir('www');
    for (const root of Object.values(this.#hosts.roots)) {
      for (const directory of directories()) fs.mkdirSync(join(root, directory), { recursive: true });
    }
    const { a, b, c } = this.#hosts.roots;
    this.roots = { a: join(a, CHANGED), b: join(b, CHANGED), c: join(c, CHANGED) };
  }

  get stage(): string {
    return this.#hosts.stage;
  }

  /** What names the whole directory on csync2's command line. */
  get whole(): readonly string[] {
    return [this.#path, join(this.#path, CHANGED)];
  }

  async start(): Promise<void> {
    if (attempt('sh', '-c', 'command -v lsyncd') === '')
      throw new Error('lsyncd is not installed: apt-get install lsyncd');
    const system = this.#hosts.dir('etc');
    for (const name of Object.keys(CONFIGS)) this.#writeCsync2Config(system, name as keyof typeof CONFIGS);
    for (const host of HOSTS) await this.#separate(host);
    const withConfigs = (host: HostName): string[] => [
      ...this.#meter.prefix(host),
      `CSYNC2_SYSTEM_DIR=${system}`,
    ];
    for (const host of HOSTS)
      this.#hosts.launch(host, 'csync2', [...withConfigs(host), '/usr/sbin/csync2', '-ii']);
    await untilListening(this.#hosts);
    for (const host of HOSTS) {
      // The first runs of three syncs at once would fail over the database that none has made yet.
      for (const name of Object.keys(CONFIGS))
        await this.#hosts.must(host, [...withConfigs(host), 'csync2', '-C', name, '-cIr', '/']);
    }
    for (const host of HOSTS) await this.#launch(host, withConfigs(host));
    await this.#meter.rest(BOUND_MS);
  }

  async held({ change, arrival }: Job, peers: readonly HostName[]): Promise<number> {
    const start = performance.now();
    change(this.roots.a);
    const roots = peers.map((peer) => this.roots[peer]);
    const arrivals = peers.map(() => arrival(this.roots.a, this.precision));
    return await secondsUntil(start, roots, arrivals, async () => this.#trouble(start));
  }

  async carry(job: Job): Promise<Carried> {
    const sent = this.#hosts.wireBytes();
    const seconds = await this.held(job, PEERS);
    return { seconds, acknowledgedSeconds: null, wireBytes: this.#hosts.wireBytes() - sent };
  }

  /** Nothing but starts of csync2 tells, for which its meter looks. */
  async idle(): Promise<void> {}

  ended(): readonly string[] {
    return [...this.#daemons]
      .filter(([, daemon]) => hasEnded(daemon))
      .map(([host, { exitCode }]) => `lsyncd ended at ${host}: exit ${exitCode}`);
  }

  async phases(): Promise<Phases> {
    return new Map();
  }

  async destroy(): Promise<void> {
    this.#hosts.destroy();
  }

  /** Why what was changed will not arrive; null while it may. */
  #trouble(start: number): string | null {
    if (performance.now() - start > BOUND_MS) return `not within ${BOUND_MS / 1000} s`;
    if (!this.#meter.rests(start)) return null;
    return ['nothing goes on any more', ...this.ended()].join('; ');
  }

  #writeCsync2Config(dir: string, name: keyof typeof CONFIGS): void {
    const keyFile = join(dir, `csync2_${name}.key`);
    fs.writeFileSync(keyFile, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
    const { directories, exclude } = CONFIGS[name];
    const paths = directories.map((directory) => join(this.#path, directory));
    fs.writeFileSync(
      join(dir, `csync2_${name}.cfg`),
      csync2Config({ hosts: HOSTS, keyFile, paths, exclude }),
    );
  }

  async #separate(host: HostName): Promise<void> {
    const names = join(this.#hosts.folder, host, 'hosts');
    fs.writeFileSync(names, this.#hosts.names());
    await this.#hosts.separate(host, {
      '/etc/hosts': names,
      [DATABASES]: this.#hosts.dir(host, 'db'),
      [this.#path]: this.#hosts.roots[host],
    });
  }

  /** Starts lsyncd and waits until it has run csync2 once in each of its directories. */
  async #launch(host: HostName, prefix: readonly string[]): Promise<void> {
    const own = this.#hosts.dir(host, 'lsyncd');
    const [config, logFile] = [join(own, 'lsyncd.conf.lua'), join(own, 'log')];
    const syncs = Object.entries(CONFIGS).flatMap(([syncid, { directories }]) =>
      directories.map((directory) => ({ source: join(this.#path, directory), syncid })),
    );
    const csync2 = this.#meter.csync2(host);
    fs.writeFileSync(config, lsyncdConfig({ logFile, statusFile: join(own, 'status'), csync2, syncs }));
    for (let starts = 1; ; starts++) {
      fs.writeFileSync(logFile, '');
      const daemon = this.#hosts.launch(host, 'lsyncd', [...prefix, 'lsyncd', '-nodaemon', config]);
      const started = (): number => fs.readFileSync(logFile, 'utf8').split('finished.\n').length - 1;
      await until(`lsyncd at ${host} has started`, () => hasEnded(daemon) || started() === syncs.length);
      this.#daemons.set(host, daemon);
      if (!hasEnded(daemon)) return;
      if (starts === STARTS)
        throw new Error(`lsyncd does not start at ${host}\n${fs.readFileSync(logFile, 'utf8')}`);
    }
  }
}

function directories(): string[] {
  return Object.values(CONFIGS).flatMap((config) => [...config.directories]);
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

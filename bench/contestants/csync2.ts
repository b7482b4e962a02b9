/**
 * Debian's csync2 as an administrator sets it up: one csync2.cfg, the directory at the same path on all hosts, a
 * listener on each, no SSL; the origin runs `csync2 -xr`. Each host has its own /etc/csync2.cfg and /etc/hosts.
 */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { until } from '../../test/kit/cluster/until.ts';
import type { Phases } from '../kit/phases.ts';
import { HOSTS, ORIGIN } from './contestant.ts';
import type { Carried, Contestant, HostName, Job } from './contestant.ts';
import { Hosts } from './hosts.ts';

const PORT = 30865;
/** where Debian's csync2 keeps its databases */
export const DATABASES = '/var/lib/csync2';

export class Csync2 implements Contestant {
  readonly name = 'csync2';
  readonly precision = 'seconds';
  readonly #hosts: Hosts;
  /** the same path on all hosts */
  readonly #path: string;

  /** @param origin a directory to look at in place of its own at the origin */
  constructor(dir: string, origin?: string) {
    this.#hosts = new Hosts(dir);
    this.#path = this.#hosts.dir('shared');
    if (origin !== undefined) this.roots = { ...this.#hosts.roots, a: origin };
    else this.roots = this.#hosts.roots;
  }

  readonly roots: Readonly<Record<HostName, string>>;

  get stage(): string {
    return this.#hosts.stage;
  }

  async start(): Promise<void> {
    const key = join(this.#hosts.folder, 'csync2.key');
    fs.writeFileSync(key, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
    for (const host of HOSTS) await this.#separate(host, key);
    for (const host of HOSTS) this.#hosts.launch(host, 'csync2', ['csync2', '-ii']);
    await untilListening(this.#hosts);
  }

  async carry({ below, change }: Job): Promise<Carried> {
    change(this.roots.a);
    const sent = this.#hosts.wireBytes();
    const seconds = await this.run('-xr', join(this.#path, below));
    return { seconds, acknowledgedSeconds: null, wireBytes: this.#hosts.wireBytes() - sent };
  }

  /** Runs csync2 at the origin; a path `''` is the whole directory. Seconds. */
  async run(...args: readonly string[]): Promise<number> {
    const start = performance.now();
    await this.#hosts.must(ORIGIN, ['csync2', ...args]);
    return (performance.now() - start) / 1000;
  }

  /** The directory as csync2 sees it. */
  get path(): string {
    return this.#path;
  }

  async idle(): Promise<void> {}

  async phases(): Promise<Phases> {
    return new Map();
  }

  async destroy(): Promise<void> {
    this.#hosts.destroy();
  }

  /** Gives the host its own config, database and directory, at the paths that they have everywhere. */
  async #separate(host: HostName, key: string): Promise<void> {
    const config = join(this.#hosts.folder, host, 'csync2.cfg');
    const names = join(this.#hosts.folder, host, 'hosts');
    fs.writeFileSync(config, this.#config(key));
    fs.writeFileSync(names, this.#hosts.names());
    await this.#hosts.separate(host, {
      '/etc/csync2.cfg': config,
      '/etc/hosts': names,
      [DATABASES]: this.#hosts.dir(host, 'db'),
      [this.#path]: this.roots[host],
    });
  }

  #config(key: string): string {
    return `nossl * *;
group bench
{
  host ${HOSTS.join(' ')};
  key ${key};
  include ${this.#path};
  exclude .csyncd;
  auto younger;
}
`;
  }
}

/** Waits until csync2 takes calls at all hosts. */
export async function untilListening(hosts: Hosts): Promise<void> {
  for (const host of HOSTS) {
    await until(`csync2 listens at ${host}`, async () => {
      const listening = await hosts.must(host, ['ss', '-Hltn', `sport = :${PORT}`]);
      return listening !== '';
    });
  }
}

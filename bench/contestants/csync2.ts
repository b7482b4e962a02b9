/**
 * Debian's csync2 as an administrator sets it up: one csync2.cfg, the directory at the same path on all hosts, a
 * listener on each, no SSL; the origin runs `csync2 -xr`. Each host has its own /etc/csync2.cfg and /etc/hosts by a mount namespace.
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

export class Csync2 implements Contestant {
  readonly name = 'csync2';
  readonly precision = 'seconds';
  readonly #hosts: Hosts;
  /** the same path on all hosts */
  readonly #path: string;
  readonly #holders = new Map<HostName, number>();

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
    for (const host of HOSTS) await this.#hold(host, key);
    for (const host of HOSTS)
      this.#hosts.launch(host, 'csync2', this.#inside(host, this.#command(host, '-ii')));
    for (const host of HOSTS) {
      await until(`csync2 listens at ${host}`, async () => {
        const listening = await this.#hosts.must(host, ['ss', '-Hltn', `sport = :${PORT}`]);
        return listening !== '';
      });
    }
  }

  async carry({ below, change }: Job): Promise<Carried> {
    change(this.roots.a);
    const sent = this.#hosts.wireBytes();
    const seconds = await this.run('-xr', join(this.#path, below));
    return { seconds, acknowledgedSeconds: null, wireBytes: this.#hosts.wireBytes() - sent };
  }

  /** Runs csync2 at the origin; a path `''` is the whole directory. Seconds. */
  async run(...args: readonly string[]): Promise<number> {
    const command = this.#inside(ORIGIN, this.#command(ORIGIN, ...args));
    const start = performance.now();
    await this.#hosts.must(ORIGIN, command);
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

  #command(host: HostName, ...args: readonly string[]): string[] {
    return ['csync2', '-N', host, '-D', this.#hosts.dir(host, 'db'), ...args];
  }

  /** Inside the host's mount namespace. */
  #inside(host: HostName, command: readonly string[]): string[] {
    return ['nsenter', `--mount=/proc/${this.#holders.get(host)}/ns/mnt`, '--', ...command];
  }

  /** Makes the host's mount namespace, which a process that does nothing keeps. */
  async #hold(host: HostName, key: string): Promise<void> {
    const own = join(this.#hosts.folder, host);
    const config = join(own, 'csync2.cfg');
    const names = join(own, 'hosts');
    const ready = join(own, 'ready');
    fs.writeFileSync(config, this.#config(key));
    fs.writeFileSync(names, HOSTS.map((name) => `${this.#hosts.network.address(name)} ${name}\n`).join(''));
    const script = `mount --bind "$1" /etc/csync2.cfg && mount --bind "$2" /etc/hosts && mount --bind "$3" "$4" &&
      : >"$5" && exec sleep infinity`;
    const args = [config, names, this.roots[host], this.#path, ready];
    const command = ['unshare', '--mount', 'sh', '-c', script, 'sh', ...args];
    this.#holders.set(host, this.#hosts.launch(host, 'mounts', command));
    await until(`${host} has its own /etc`, () => fs.existsSync(ready));
  }

  #config(key: string): string {
    const hosts = HOSTS.map((name) => `${name}@${this.#hosts.network.address(name)}`).join(' ');
    return `nossl * *;
group bench
{
  host ${hosts};
  key ${key};
  include ${this.#path};
  exclude .csyncd;
  auto younger;
}
`;
  }
}

/** `rsync --daemon` on the peers; the origin runs `rsync -a` to both at once, over plain TCP. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { until } from '../../test/kit/cluster/until.ts';
import type { Phases } from '../kit/phases.ts';
import { ORIGIN, PEERS } from './contestant.ts';
import type { Carried, Contestant, Job } from './contestant.ts';
import { Hosts } from './hosts.ts';

export class Rsync implements Contestant {
  readonly name = 'rsync';
  readonly precision = 'nanoseconds';
  readonly #hosts: Hosts;

  constructor(dir: string) {
    this.#hosts = new Hosts(dir);
  }

  get roots() {
    return this.#hosts.roots;
  }

  get stage(): string {
    return this.#hosts.stage;
  }

  async start(): Promise<void> {
    for (const peer of PEERS) {
      const config = join(this.#hosts.folder, peer, 'rsyncd.conf');
      const lines = [
        'use chroot = no',
        'uid = root',
        'gid = root',
        '[m]',
        `path = ${this.roots[peer]}`,
        'read only = no',
      ];
      fs.writeFileSync(config, `${lines.join('\n')}\n`);
      this.#hosts.launch(peer, 'rsync', ['rsync', '--daemon', '--no-detach', `--config=${config}`]);
    }
    for (const peer of PEERS) {
      await until(`rsync listens at ${peer}`, async () => {
        const list = this.#hosts.must(ORIGIN, ['rsync', this.#module(peer)]);
        return await list.then(
          () => true,
          () => false,
        );
      });
    }
  }

  async carry({ below, change }: Job): Promise<Carried> {
    change(this.roots.a);
    const sent = this.#hosts.wireBytes();
    const start = performance.now();
    await Promise.all(PEERS.map((peer) => this.#push(peer, below)));
    const seconds = (performance.now() - start) / 1000;
    return { seconds, acknowledgedSeconds: null, wireBytes: this.#hosts.wireBytes() - sent };
  }

  async idle(): Promise<void> {}

  async phases(): Promise<Phases> {
    return new Map();
  }

  async destroy(): Promise<void> {
    this.#hosts.destroy();
  }

  async #push(peer: (typeof PEERS)[number], below: string): Promise<void> {
    // --delete as csyncd and csync2 delete: without it rsync would have less to do.
    const source = `${this.roots.a}/./${below}/`;
    await this.#hosts.must(ORIGIN, ['rsync', '-aR', '--delete', source, this.#module(peer)]);
  }

  #module(peer: (typeof PEERS)[number]): string {
    return `rsync://${this.#hosts.network.address(peer)}/m/`;
  }
}

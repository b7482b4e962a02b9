/** Three csyncd daemons, as deployed: TLS, the default settings, info logs. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ControlClient } from '../../src/control/client.ts';
import type { StatusReport } from '../../src/control/client.ts';
import { Cluster } from '../../test/kit/cluster.ts';
import type { ClusterNode } from '../../test/kit/cluster.ts';
import { isConnected, isLive } from '../../test/kit/cluster/status.ts';
import { NeverHeld, secondsUntil } from '../kit/arrival.ts';
import { parsePhases } from '../kit/phases.ts';
import type { Phases } from '../kit/phases.ts';
import type { Precision } from '../../test/kit/cluster/tree.ts';
import { HOSTS, ORIGIN, PEERS } from './contestant.ts';
import type { Carried, HostName, Job, Watching } from './contestant.ts';

type Keys = Readonly<Record<string, unknown>>;

export interface CsyncdOptions {
  readonly name: string;
  /** keys of the mapping `shared` */
  readonly mapping?: Keys;
  /** further mappings */
  readonly mappings?: Readonly<Record<string, Keys>>;
  readonly group?: Keys;
  /** default: nanoseconds */
  readonly precision?: Precision;
  /** what a host's daemon runs under: put before its command line */
  readonly under?: (host: HostName) => readonly string[];
  /** where the daemons' CPU profiles go; null: they run without */
  readonly profile: string | null;
}

const METRICS = '127.0.0.1:9731';
const BOUND_MS = 1_800_000;
const ASK_EVERY_MS = 10;
const TELL_EVERY_MS = 60_000;

export class Csyncd implements Watching {
  readonly name: string;
  readonly precision: Precision;
  readonly roots: Readonly<Record<HostName, string>>;
  readonly stage: string;
  readonly nodes: Readonly<Record<HostName, ClusterNode>>;
  readonly cluster: Cluster<HostName>;
  readonly #profile: string | null;
  readonly #under: (host: HostName) => readonly string[];

  constructor(options: CsyncdOptions) {
    this.name = options.name;
    this.#profile = options.profile;
    this.precision = options.precision ?? 'nanoseconds';
    this.#under = options.under ?? (() => []);
    this.cluster = new Cluster<HostName>({
      nodes: HOSTS,
      // What a workload deletes may be most of what there is.
      mappings: { shared: { max_delete: '100%', ...options.mapping }, ...options.mappings },
      group: options.group ?? {},
      config: { log: { level: 'info', format: 'json' }, metrics: METRICS },
    });
    this.nodes = this.cluster.nodes;
    this.roots = this.rootsOf('shared');
    this.stage = join(this.nodes.a.place.dir, 'stage');
    fs.mkdirSync(this.stage);
  }

  rootsOf(mapping: string): Readonly<Record<HostName, string>> {
    const root = (host: HostName): string => this.nodes[host].place.roots[mapping] ?? '';
    return { a: root('a'), b: root('b'), c: root('c') };
  }

  async start(): Promise<void> {
    for (const host of HOSTS) this.launch(host);
    for (const host of HOSTS) await this.#ask(host, 'is live', isLive);
    const trouble = await this.#trouble();
    if (trouble !== null) throw new Error(trouble);
    await this.idle();
  }

  launch(host: HostName): void {
    const env: Record<string, string> = {};
    if (this.#profile !== null) {
      const folder = join(this.#profile, this.name.replaceAll(' ', '-'), host);
      env['NODE_OPTIONS'] = `--cpu-prof --cpu-prof-dir=${folder}`;
    }
    this.nodes[host].launch({ env, under: this.#under(host) });
  }

  /** Seconds until the daemon of a host that was just launched has looked through all its mappings. */
  async secondsUntilLive(host: HostName): Promise<number> {
    const start = performance.now();
    await this.#ask(host, 'is live', isLive);
    return (performance.now() - start) / 1000;
  }

  async carry(job: Job): Promise<Carried> {
    const sent = this.#wireBytes();
    const start = performance.now();
    const seconds = await this.held(job, PEERS);
    await this.#ask(ORIGIN, 'has everything acknowledged', isAcknowledged);
    const acknowledgedSeconds = (performance.now() - start) / 1000;
    return { seconds, acknowledgedSeconds, wireBytes: this.#wireBytes() - sent };
  }

  /** Makes a change; seconds until these peers hold it. */
  async held({ change, arrival }: Job, peers: readonly HostName[]): Promise<number> {
    const start = performance.now();
    change(this.roots.a);
    const roots = peers.map((peer) => this.roots[peer]);
    const arrivals = peers.map(() => arrival(this.roots.a, this.precision));
    return await secondsUntil(start, roots, arrivals, () => this.#trouble());
  }

  get whole(): readonly string[] {
    return [...Object.values(this.roots), '%shared%'];
  }

  ended(): readonly string[] {
    return HOSTS.filter((host) => !this.nodes[host].running).map((host) => `csyncd ended at ${host}`);
  }

  async idle(): Promise<void> {
    for (const host of HOSTS.filter((name) => this.nodes[name].running)) {
      const others = HOSTS.filter((name) => name !== host && this.nodes[name].running);
      await this.#ask(
        host,
        'is idle',
        (status) => isLive(status) && isConnected(status, others) && isIdle(status, others),
      );
    }
  }

  async phases(): Promise<Phases> {
    const told = HOSTS.filter((host) => this.nodes[host].running).map(async (host) => {
      const metrics = await this.nodes[host].run('curl', '-s', `http://${METRICS}/metrics`);
      return [host === ORIGIN ? 'origin' : `peer ${host}`, parsePhases(metrics)] as const;
    });
    return new Map(await Promise.all(told));
  }

  async destroy(): Promise<void> {
    // A profile is written by an orderly end only.
    if (this.#profile !== null) {
      await Promise.all(
        HOSTS.filter((host) => this.nodes[host].running).map((host) => this.nodes[host].stop()),
      );
    }
    this.cluster.destroy();
  }

  /** null when no daemon answers. */
  async status(host: HostName): Promise<StatusReport | null> {
    const client = new ControlClient(join(this.nodes[host].place.dir, 'control.sock'));
    return await client.call('status', {}).catch(() => null);
  }

  /** Why what was changed will not arrive; null when nothing is known to be in the way. */
  async #trouble(): Promise<string | null> {
    for (const host of HOSTS.filter((name) => this.nodes[name].running)) {
      const groups = Object.values((await this.status(host))?.groups ?? {});
      const stuck = groups
        .flatMap(({ mappings }) => Object.values(mappings))
        .find(({ state }) => state === 'held' || state === 'error' || state === 'missing');
      if (stuck !== undefined) return `${this.name}: ${host} is ${stuck.state}: ${stuck.reason}`;
    }
    return null;
  }

  async #ask(host: HostName, what: string, condition: (status: StatusReport) => boolean): Promise<void> {
    const start = performance.now();
    let told = start;
    for (;;) {
      const status = await this.status(host);
      if (status !== null && condition(status)) return;
      if (!this.nodes[host].running)
        throw new NeverHeld(`${this.name}: ${host} ended\n${this.nodes[host].log()}`);
      if (performance.now() - start > BOUND_MS) {
        throw new NeverHeld(
          `${this.name}: not within ${BOUND_MS / 1000} s: ${host} ${what}\n${JSON.stringify(status)}`,
        );
      }
      if (performance.now() - told > TELL_EVERY_MS) {
        told = performance.now();
        const trouble = await this.#trouble();
        if (trouble !== null) throw new NeverHeld(trouble);
        console.error(`${this.name}: waiting until ${host} ${what}: ${JSON.stringify(status?.groups)}`);
      }
      await pause(ASK_EVERY_MS);
    }
  }

  #wireBytes(): number {
    const { sentBytes, receivedBytes } = this.nodes.a.traffic();
    return sentBytes + receivedBytes;
  }
}

/** Every peer that can be reached has acknowledged what this node has. */
function isAcknowledged(status: StatusReport): boolean {
  const peers = Object.values(status.groups).flatMap((group) => Object.values(group.peers));
  return peers
    .filter((peer) => peer.state === 'ok')
    .every((peer) => peer.pending_files === 0 && peer.lag_seconds === 0);
}

function isIdle(status: StatusReport, others: readonly string[]): boolean {
  return Object.values(status.groups).every(
    ({ mappings, peers }) =>
      Object.values(mappings).every(({ pending, state }) => pending === 0 && state === 'ok') &&
      others.every((other) => peers[other]?.pending_files === 0 && peers[other].lag_seconds === 0),
  );
}

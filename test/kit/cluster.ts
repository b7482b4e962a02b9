/**
 * A cluster of real csyncd processes, each in a network namespace of its own with directories of its own, as a test sees
 * it. Needs root. Everything goes when the test ends, however it ends.
 */
import type { TestContext } from 'node:test';
import { Network } from './cluster/network.ts';
import { ClusterNode } from './cluster/node.ts';
import { Places } from './cluster/places.ts';
import type { Disk, PlaceOptions } from './cluster/places.ts';
import { isConnected } from './cluster/status.ts';
import { differences } from './cluster/tree.ts';
import type { Precision } from './cluster/tree.ts';
import { BOUND_MS, until } from './cluster/until.ts';

export { until } from './cluster/until.ts';
export type { ClusterNode } from './cluster/node.ts';

type Keys = Readonly<Record<string, unknown>>;

export interface ClusterOptions<Name extends string> {
  /** the nodes' names, in the order in which the group's hosts are listed */
  readonly nodes: readonly Name[];
  /** keys of the mapping `shared` */
  readonly mapping?: Keys;
  /** all mappings by name, in place of the one */
  readonly mappings?: Readonly<Record<string, Keys>>;
  readonly group?: Keys;
  readonly hosts?: Readonly<Record<string, Keys>>;
  readonly config?: Keys;
  /** what a node's mappings are on, by its name; default: a folder of the machine's disk */
  readonly disks?: Readonly<Partial<Record<Name, Disk>>>;
  /** the same for a node's state directory */
  readonly states?: Readonly<Partial<Record<Name, Disk>>>;
  /** called before the daemons start: for files that are there already */
  readonly before?: (nodes: Readonly<Record<Name, ClusterNode>>) => void | Promise<void>;
  /** how exactly times must be equal; csync2 carries seconds, and cannot reread content at peers */
  readonly precision?: Precision;
  /** whether to start the daemons and wait until all are connected; default true */
  readonly start?: boolean;
}

/** Makes a cluster for the length of a test. When the test fails, the daemons' last words are printed. */
export async function cluster<Name extends string>(
  test: TestContext,
  options: ClusterOptions<Name>,
): Promise<Cluster<Name>> {
  const made = new Cluster<Name>(options);
  test.after(async () => {
    if (!test.passed) for (const node of made.all) console.error(await node.lastWords());
    made.destroy();
  });
  await options.before?.(made.nodes);
  if (options.start !== false) await made.start();
  return made;
}

export class Cluster<Name extends string> {
  readonly nodes: Readonly<Record<Name, ClusterNode>>;
  readonly all: readonly ClusterNode[];
  readonly mappings: readonly string[];
  readonly #network: Network;
  readonly #places = new Places();
  readonly #cuts = new Set<string>();
  readonly #precision: Precision;
  readonly #onExit = () => this.destroy();

  constructor(options: ClusterOptions<Name>) {
    this.#network = new Network(options.nodes);
    this.#precision = options.precision ?? 'nanoseconds';
    process.once('exit', this.#onExit);
    for (const signal of ENDING) process.off(signal, endWith).on(signal, endWith);
    const mappings = options.mappings ?? { shared: options.mapping ?? {} };
    this.mappings = Object.keys(mappings);
    const places: PlaceOptions = {
      names: options.nodes,
      address: (name) => this.#network.address(name),
      mappings,
      group: options.group ?? {},
      hosts: options.hosts ?? {},
      config: options.config ?? {},
      disks: (options.disks ?? {}) as Readonly<Record<string, Disk>>,
      states: (options.states ?? {}) as Readonly<Record<string, Disk>>,
    };
    this.all = this.#places.make(places).map((place) => new ClusterNode(place, this.#network));
    this.nodes = Object.fromEntries(this.all.map((node) => [node.name, node])) as Record<Name, ClusterNode>;
  }

  /** Starts all daemons and waits until all are live and connected to each other. */
  async start(): Promise<void> {
    for (const node of this.all) node.launch();
    await Promise.all(this.all.map((node) => node.live()));
    await this.connected();
  }

  /** Waits until each of these nodes is connected to all the others. */
  async connected(nodes: readonly ClusterNode[] = this.all): Promise<void> {
    for (const node of nodes) {
      const others = nodes.filter((other) => other !== node).map((other) => other.name);
      await until(`${node.name} is connected to ${others.join(', ')}`, async () => {
        const status = await node.status();
        return status !== null && isConnected(status, others);
      });
    }
  }

  // The network

  /** From now on two nodes hear nothing of each other; neither is told. */
  cut(one: Name, other: Name): void {
    if (this.#cuts.has(pair(one, other))) return;
    this.#network.cut(one, other);
    this.#cuts.add(pair(one, other));
  }

  heal(one: Name, other: Name): void {
    if (this.#cuts.delete(pair(one, other))) this.#network.heal(one, other);
  }

  /** Cuts all connections between nodes of different sides. */
  partition(...sides: readonly (readonly Name[])[]): void {
    sides.forEach((side, index) => {
      for (const one of side) {
        for (const other of sides.slice(index + 1).flat()) this.cut(one, other);
      }
    });
  }

  healAll(): void {
    for (const cut of this.#cuts) {
      const [one, other] = cut.split(' ') as [Name, Name];
      this.heal(one, other);
    }
  }

  /** Pulls a node's cable, or puts it back. */
  cable(name: Name, state: 'up' | 'down'): void {
    this.#network.link(name, state);
  }

  /** Where others reach a node. */
  address(name: Name): string {
    return this.#network.address(name);
  }

  // What must be so

  /** Waits until all nodes (or these) hold the same trees: type, content, mode, owner, mtime. Says what differs if not. */
  async converged(nodes: readonly ClusterNode[] = this.all, boundMs: number = BOUND_MS): Promise<void> {
    for (const mapping of this.mappings) {
      const compare = (fresh: boolean) => {
        const trees = nodes.map(
          (node) => [node.name, node.tree(mapping, { fresh, precision: this.#precision })] as const,
        );
        const whole = trees.flatMap(([name, tree]) => (tree === null ? [] : [[name, tree] as const]));
        return whole.length < trees.length ? ['(changing)'] : differences(new Map(whole));
      };
      await until(
        `${nodes.map((node) => node.name).join(', ')} hold the same ${mapping}`,
        // The last look reads all content again.
        () => compare(false).length === 0 && compare(true).length === 0,
        { boundMs, explain: () => compare(true).join('\n') },
      );
    }
  }

  /** `sync --wait` on each running node: everything is acknowledged by all. */
  async settled(): Promise<void> {
    for (const node of this.#running()) {
      const { code, stdout, stderr } = await node.cli('sync', '--wait', '--timeout', `${BOUND_MS / 1000}s`);
      if (code !== 0) throw new Error(`sync --wait on ${node.name}: exit ${code}\n${stdout}${stderr}`);
    }
  }

  /**
   * To be called at the end of a test: all trees are equal by this kit's own walk and by `verify --deep`, everything is
   * acknowledged, and no temporary is left.
   */
  async proveEqual(): Promise<void> {
    await this.converged(this.#running());
    await this.settled();
    await this.converged(this.#running());
    for (const node of this.#running()) {
      const how = this.#precision === 'nanoseconds' ? ['verify', '--deep'] : ['verify'];
      const { code, stdout, stderr } = await node.cli(...how, '--json');
      if (code !== 0) throw new Error(`${how.join(' ')} on ${node.name}: exit ${code}\n${stdout}${stderr}`);
      for (const mapping of this.mappings) {
        const left = node.temporaries(mapping);
        if (left.length > 0) throw new Error(`temporaries left on ${node.name}: ${left.join(' ')}`);
      }
    }
  }

  /** Ends all daemons and removes everything. Never throws. */
  destroy(): void {
    process.off('exit', this.#onExit);
    this.#network.destroy();
    this.#places.destroy();
  }

  #running(): ClusterNode[] {
    return this.all.filter((node) => node.running);
  }
}

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A signal ends the process by way of its `exit` event, which cleans up. */
function endWith(): void {
  process.exit(1);
}

function pair(one: string, other: string): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}

/**
 * A switch and its hosts: a network namespace each, joined by veth pairs to a bridge in one more namespace, so that nothing
 * of the machine's own network is touched and any number of clusters can run at a time.
 */
import { existsSync, readdirSync } from 'node:fs';
import { attempt, must } from './command.ts';

const PREFIX = 'csyt';
let made = 0;

/** Counted at the host's own interface. */
export interface Traffic {
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly sentPackets: number;
  readonly receivedPackets: number;
}

export class Network {
  readonly #id: string;
  readonly #hosts = new Map<string, string>();

  constructor(names: readonly string[]) {
    removeLeftovers();
    this.#id = `${PREFIX}-${process.pid}-${made++}`;
    names.forEach((name, index) => this.#hosts.set(name, `10.77.0.${index + 1}`));
    try {
      this.#build();
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  address(name: string): string {
    const address = this.#hosts.get(name);
    if (address === undefined) throw new Error(`no host ${name}`);
    return address;
  }

  /** The command line that runs a program at a host. */
  at(name: string, command: readonly string[]): string[] {
    return ['nsenter', `--net=${this.namespacePath(name)}`, '--', ...command];
  }

  /** Where a host's network namespace is bound to. */
  namespacePath(name: string): string {
    return `/run/netns/${this.#namespace(name)}`;
  }

  /** Silently drops everything between two hosts, both ways, from now on. */
  cut(one: string, other: string): void {
    this.#drop('add', one, other);
    this.#drop('add', other, one);
  }

  heal(one: string, other: string): void {
    this.#drop('delete', one, other);
    this.#drop('delete', other, one);
  }

  /** Pulls a host's cable, or puts it back. */
  link(name: string, state: 'up' | 'down'): void {
    must('ip', ['-n', this.#namespace(name), 'link', 'set', 'eth0', state]);
  }

  traffic(name: string): Traffic {
    const text = must('ip', ['-n', this.#namespace(name), '-s', '-j', 'link', 'show', 'eth0']);
    const [{ stats64 }] = JSON.parse(text) as [
      { stats64: Record<'rx' | 'tx', { bytes: number; packets: number }> },
    ];
    return {
      sentBytes: stats64.tx.bytes,
      receivedBytes: stats64.rx.bytes,
      sentPackets: stats64.tx.packets,
      receivedPackets: stats64.rx.packets,
    };
  }

  /** Kills whatever still runs at the hosts and removes everything. Never throws. */
  destroy(): void {
    for (const name of [...this.#hosts.keys(), '']) removeNamespace(this.#namespace(name));
  }

  /** `''` is the switch. */
  #namespace(name: string): string {
    return `${this.#id}-${name === '' ? 'switch' : name}`;
  }

  #build(): void {
    const bridge = this.#namespace('');
    must('ip', ['netns', 'add', bridge]);
    must('ip', ['-n', bridge, '-batch', '-'], 'link add br0 type bridge\nlink set br0 up\n');
    let port = 0;
    for (const [name, address] of this.#hosts) {
      const host = this.#namespace(name);
      port++;
      must('ip', ['netns', 'add', host]);
      must(
        'ip',
        ['-n', bridge, '-batch', '-'],
        `link add port${port} type veth peer name eth0 netns ${host}\nlink set port${port} master br0 up\n`,
      );
      must(
        'ip',
        ['-n', host, '-batch', '-'],
        `link set lo up\naddress add ${address}/24 dev eth0\nlink set eth0 up\n`,
      );
      const [program = '', ...args] = this.at(name, ['nft', '-f', '-']);
      must(program, args, CUTS);
    }
  }

  #drop(verb: 'add' | 'delete', at: string, from: string): void {
    const rule = [verb, 'element', 'inet', 'cuts', 'cut', '{', this.address(from), '}'];
    const [program = '', ...args] = this.at(at, ['nft', ...rule]);
    must(program, args);
  }
}

const CUTS = `
table inet cuts {
  set cut { type ipv4_addr; }
  chain input { type filter hook input priority 0; ip saddr @cut drop; }
}`;

function removeNamespace(namespace: string): void {
  for (const pid of attempt('ip', 'netns', 'pids', namespace).split('\n')) {
    if (pid !== '') attempt('kill', '-KILL', pid);
  }
  attempt('ip', 'netns', 'delete', namespace);
}

/** What test processes left behind that were killed before they could clean up. */
function removeLeftovers(): void {
  if (!existsSync('/run/netns')) return;
  for (const namespace of readdirSync('/run/netns')) {
    const [prefix, pid] = namespace.split('-');
    if (prefix === PREFIX && !existsSync(`/proc/${pid}`)) removeNamespace(namespace);
  }
}

/**
 * Connections between simulated nodes: each direction is an ordered queue, as TCP is. A connection that is cut loses
 * what was still under way; one side may notice it later than the other. Nothing is reordered within a connection,
 * everything between connections.
 */
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** A node as the network sees it. */
export interface NetNode<M> {
  connected(peer: string): void;
  disconnected(peer: string): void;
  received(peer: string, message: M): void;
}

export interface NetOptions {
  /** ms */
  readonly minDelay: number;
  readonly maxDelay: number;
  readonly reconnectMs: number;
}

/** One end of a connection. */
interface End<M> {
  readonly name: string;
  readonly node: NetNode<M>;
  /** arrival of the youngest message on its way to this end: TCP keeps the order */
  lastArrival: number;
  aware: boolean;
  readonly inbox: M[];
}

interface Connection<M> {
  readonly ends: readonly [End<M>, End<M>];
  alive: boolean;
}

export class SimNet<M> {
  private readonly scheduler: Scheduler;
  private readonly random: Random;
  private readonly options: NetOptions;
  private readonly nodes = new Map<string, NetNode<M>>();
  private readonly connections = new Map<string, Connection<M>>();
  private readonly blocked = new Set<string>();
  sent = 0;

  constructor(scheduler: Scheduler, random: Random, options: NetOptions) {
    this.scheduler = scheduler;
    this.random = random;
    this.options = options;
  }

  /** The node is up: it dials everybody, and everybody it. */
  join(name: string, node: NetNode<M>): void {
    this.nodes.set(name, node);
    for (const other of this.nodes.keys()) if (other !== name) this.dialLater(name, other);
  }

  /** The node is gone: its peers notice it at once (reset) or later. */
  leave(name: string): void {
    this.nodes.delete(name);
    for (const [key, connection] of this.connections) {
      if (connection.ends.some((end) => end.name === name)) this.drop(key, connection, null);
    }
  }

  /** Sends on the connection to `to`; lost when there is none. */
  send(from: string, to: string, message: M): void {
    const connection = this.connections.get(pair(from, to));
    if (connection === undefined || !connection.alive) return;
    const end = this.end(connection, to);
    this.sent++;
    end.lastArrival = Math.max(end.lastArrival, this.scheduler.now() + this.delay());
    end.inbox.push(message);
    this.scheduler.after(end.lastArrival - this.scheduler.now(), () => {
      // Events of one millisecond run in any order; each takes whatever is next.
      const next = end.inbox.shift();
      if (next !== undefined && connection.alive && this.isUp(end)) end.node.received(from, next);
    });
  }

  connected(a: string, b: string): boolean {
    return this.connections.get(pair(a, b))?.alive ?? false;
  }

  /** Ends the connection between two nodes: what is on its way is lost. They dial again. */
  cut(a: string, b: string): void {
    const key = pair(a, b);
    const connection = this.connections.get(key);
    if (connection !== undefined) this.drop(key, connection, this.random.chance(0.5) ? a : null);
  }

  /** Nothing passes between the two until `heal`. */
  partition(a: string, b: string): void {
    this.blocked.add(pair(a, b));
    this.cut(a, b);
  }

  heal(a: string, b: string): void {
    if (this.blocked.delete(pair(a, b))) this.dialLater(a, b);
  }

  healAll(): void {
    for (const key of this.blocked) {
      const [a = '', b = ''] = key.split(' ');
      this.heal(a, b);
    }
  }

  private drop(key: string, connection: Connection<M>, lateSide: string | null): void {
    connection.alive = false;
    this.connections.delete(key);
    const [a, b] = connection.ends;
    for (const [end, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const tell = (): void => {
        if (!end.aware) return;
        end.aware = false;
        if (this.isUp(end)) end.node.disconnected(other.name);
      };
      if (end.name === lateSide) this.scheduler.after(this.random.between(1, 50), tell);
      else tell();
    }
    this.dialLater(a.name, b.name);
  }

  private dialLater(a: string, b: string): void {
    const wait = 60 + this.random.int(this.options.reconnectMs);
    this.scheduler.after(wait, () => this.dial(a, b));
  }

  private dial(a: string, b: string): void {
    const key = pair(a, b);
    const [nodeA, nodeB] = [this.nodes.get(a), this.nodes.get(b)];
    if (nodeA === undefined || nodeB === undefined || this.blocked.has(key) || this.connections.has(key))
      return;
    const ends: [End<M>, End<M>] = [
      { name: a, node: nodeA, lastArrival: 0, aware: true, inbox: [] },
      { name: b, node: nodeB, lastArrival: 0, aware: true, inbox: [] },
    ];
    const connection: Connection<M> = { ends, alive: true };
    this.connections.set(key, connection);
    nodeA.connected(b);
    if (connection.alive) nodeB.connected(a);
  }

  /** The process at this end still runs. */
  private isUp(end: End<M>): boolean {
    return this.nodes.get(end.name) === end.node;
  }

  private end(connection: Connection<M>, node: string): End<M> {
    return connection.ends[0].name === node ? connection.ends[0] : connection.ends[1];
  }

  private delay(): number {
    return this.random.between(this.options.minDelay, this.options.maxDelay);
  }
}

function pair(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

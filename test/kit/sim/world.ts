/** What all nodes of one simulated cluster share, and the record of what happened in it. */
import type { Message } from '../../../src/backends/engine/wire/messages.ts';
import type { Sabotage } from './hooks.ts';
import type { History } from './history.ts';
import type { Ledger } from './ledger.ts';
import type { SimNet } from './net.ts';
import type { Observer } from './observer.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** What goes over a connection: control messages, and content by question and answer. */
export type Packet =
  | { readonly kind: 'control'; readonly message: Message }
  | { readonly kind: 'want'; readonly id: number; readonly path: string; readonly sha256: string }
  | { readonly kind: 'content'; readonly id: number; readonly bytes: Uint8Array | null };

/** How often something rare happened: a suite in which one of these stays 0 does not test it. */
export type Counters = Map<string, number>;

/** Counts what took a node back in time: peers that were told of what is lost may wait for its content for ever. */
export const BYTES_LOST = 'bytes lost';

export interface World {
  readonly history: History;
  readonly names: readonly string[];
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly net: SimNet<Packet>;
  readonly observer: Observer;
  readonly ledger: Ledger;
  readonly counters: Counters;
  readonly sabotage: Sabotage;
  readonly trace: Trace;
  /** Throws when a node acknowledges to a peer what it does not have. */
  checkAck(node: string, peer: string, ack: Extract<Message, { kind: 'ack' }>): void;
}

/** A node that takes changes and sends none of its own: the last ones. */
export function isReceiver(history: History, index: number): boolean {
  return index >= history.nodes - history.receivers;
}

export function count(world: World, what: string, by = 1): void {
  world.counters.set(what, (world.counters.get(what) ?? 0) + by);
}

/** A fingerprint of everything that happened, in its order; with `lines`, also readable. */
export class Trace {
  private hash = 0x811c9dc5;
  readonly lines: string[] | null;

  constructor(readable: boolean) {
    this.lines = readable ? [] : null;
  }

  add(time: number, node: string, what: string): void {
    let hash = this.hash ^ time;
    for (let i = 0; i < what.length; i++) hash = Math.imul(hash ^ what.charCodeAt(i), 0x01000193);
    this.hash = Math.imul(hash ^ node.charCodeAt(0), 0x01000193);
    this.lines?.push(`${time} ${node} ${what}`);
  }

  digest(): string {
    return (this.hash >>> 0).toString(16).padStart(8, '0');
  }
}

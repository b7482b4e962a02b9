/** What is between one linked peer and this node besides rows: heartbeat, credit, questions and answers. */
import { setInterval, setTimeout } from 'node:timers';
import type { NodeId } from '../core/types.ts';
import type { Link } from '../net/link.ts';
import type { Message } from '../wire/messages.ts';
import { Calls, type Answering } from './calls.ts';

/** Bytes of rows and inline content that may be on their way to a peer. */
export const WINDOW = 8 * 1024 * 1024;
/** Credit is given back in pieces of this. */
const CREDIT = WINDOW / 8;
/** Counted for each row besides its content. */
const ROW_COST = 200;
/** The socket holds this much before rows wait. */
const QUEUE_LIMIT = 4 * 1024 * 1024;
/** ms after which a socket that held that much is asked again */
const QUEUE_LOOK = 20;
const HEARTBEAT = 5000;
/** A peer that said nothing for so long is gone, whatever TCP believes. */
const SILENCE = 20_000;

export interface SessionEvents extends Answering {
  /** Rows, marks and the like of one mapping. */
  message(message: Message): void;
  wake(): void;
}

export class Session {
  readonly link: Link;
  readonly calls: Calls;
  readonly #events: SessionEvents;
  readonly #now: () => number;
  readonly #heartbeat: NodeJS.Timeout;
  #window = WINDOW;
  /** bytes received and not yet credited back */
  #owed = 0;
  #queueLook: NodeJS.Timeout | null = null;
  #lastBeat = performance.now();
  #lastHeard: number;
  clockSkewMs: number;

  constructor(link: Link, events: SessionEvents, now: () => number) {
    this.link = link;
    this.#events = events;
    this.#now = now;
    this.#lastHeard = performance.now();
    this.clockSkewMs = link.clockSkewMs;
    this.calls = new Calls((message) => link.send(message), events);
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT);
    this.#heartbeat.unref();
  }

  get peer(): NodeId {
    return this.link.peer;
  }

  canSend(): boolean {
    if (this.#window <= 0) return false;
    if (this.link.queuedBytes() < QUEUE_LIMIT) return true;
    this.#queueLook ??= setTimeout(() => {
      this.#queueLook = null;
      this.#events.wake();
    }, QUEUE_LOOK);
    return false;
  }

  send(message: Message): void {
    if (message.kind === 'rows') this.#window -= costOf(message);
    this.link.send(message);
  }

  /** Anything that came from the peer is a sign of life: content may hold the heartbeat up. */
  heard(): void {
    this.#lastHeard = performance.now();
  }

  receive(message: Message): void {
    this.heard();
    switch (message.kind) {
      case 'ping':
        return this.#pinged(message.time);
      case 'credit':
        this.#window = Math.min(this.#window + message.bytes, WINDOW);
        return this.#events.wake();
      case 'call':
      case 'answer':
        return this.calls.receive(message);
      case 'rows':
        this.#owed += costOf(message);
        // Rows that change nothing here wake nobody, and the peer would wait for ever.
        if (this.#owed >= CREDIT) this.#events.wake();
        return this.#events.message(message);
      default:
        return this.#events.message(message);
    }
  }

  /** Gives back credit for what was received; called while this node keeps up with its disk. */
  credit(): void {
    if (this.#owed < CREDIT) return;
    this.link.send({ kind: 'credit', bytes: this.#owed });
    this.#owed = 0;
  }

  closed(reason: string): void {
    clearInterval(this.#heartbeat);
    if (this.#queueLook !== null) clearTimeout(this.#queueLook);
    this.calls.closed(reason);
  }

  #beat(): void {
    const now = performance.now();
    const isLate = now - this.#lastBeat > 2 * HEARTBEAT;
    this.#lastBeat = now;
    // Who was stopped or busy itself has not read what the peer said meanwhile.
    if (!isLate && now - this.#lastHeard > SILENCE) {
      this.link.close(`${this.peer} has said nothing for ${SILENCE / 1000} s`);
      return;
    }
    this.link.send({ kind: 'ping', time: this.#now() });
  }

  /** Off by the message's time on the way, which on a cluster's network is far below what matters (2 s). */
  #pinged(time: number): void {
    this.clockSkewMs = Math.round(time - this.#now());
  }
}

function costOf(message: Extract<Message, { kind: 'rows' }>): number {
  let cost = 0;
  for (const row of message.rows) cost += ROW_COST + (row.content?.length ?? 0);
  return cost;
}

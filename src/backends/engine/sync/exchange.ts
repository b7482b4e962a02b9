/**
 * The replica's side of the protocol: who takes part, what peers told us, and who has acknowledged what; what they are
 * told is in telling.ts. Synchronous; every message may come twice or not at all.
 */
import type { NodeId } from '../core/types.ts';
import { NOTHING } from '../core/vector.ts';
import type { Seq } from '../store/store.ts';
import type { Knowledge, Message, RowUpdate } from '../wire/messages.ts';
import { acknowledge, acknowledged, type Acknowledged, type Failures } from './acknowledging.ts';
import { Incoming } from './incoming.ts';
import { checkRollback, joinRows } from './joining.ts';
import { Outgoing } from './outgoing.ts';
import type { Shared } from './shared.ts';
import { Telling } from './telling.ts';

/** Why a mapping is closed to a peer whose rules for it are others. */
const MISMATCH = 'mismatch';

export type PeerStanding =
  | { readonly kind: 'unlinked' }
  /** linked, but the peer takes no part in this mapping now */
  | { readonly kind: 'closed'; readonly code: string; readonly reason: string }
  | { readonly kind: 'mismatch' }
  | { readonly kind: 'open' };

interface Peer extends Acknowledged {
  standing: PeerStanding;
  outgoing: Outgoing | null;
  incoming: Incoming | null;
  /** a gap was found and reported: drop rows until they follow again */
  reopening: boolean;
}

export interface ExchangeEvents {
  /** Rows were joined into the table; `sender` has the contents of what it shows. */
  joined(updates: readonly RowUpdate[], sender: NodeId): void;
  /** Paths that this node failed to bring to its disk. */
  failures(): Failures;
  /** A peer acknowledged more. */
  acknowledged(): void;
}

export class Exchange {
  readonly #shared: Shared;
  readonly #events: ExchangeEvents;
  readonly #peers = new Map<NodeId, Peer>();
  readonly #telling: Telling;
  #isOpen = false;
  #isReady = false;

  constructor(shared: Shared, events: ExchangeEvents) {
    this.#shared = shared;
    this.#events = events;
    this.#telling = new Telling(shared, () => this.openPeers());
  }

  /** Takes part: says so to every linked peer. Nothing is told of our rows before `ready`. */
  open(): void {
    this.#isOpen = true;
    for (const peer of this.#peers.keys()) this.#telling.open(peer);
  }

  /** The disk was compared with the table: what the table says may be told. */
  ready(): void {
    this.#isReady = true;
    this.#shared.effects.wake();
  }

  close(code: string, reason: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#isReady = false;
    for (const node of this.#peers.keys()) {
      this.#telling.close(node, code, reason);
      this.#peers.set(node, newcomer());
    }
  }

  linked(peer: NodeId): void {
    this.#peers.set(peer, newcomer());
    if (this.#isOpen) this.#telling.open(peer);
  }

  unlinked(peer: NodeId): void {
    this.#peers.delete(peer);
    this.#telling.knowsSoon();
  }

  /** Our settings changed: peers compare them again. */
  reopen(): void {
    if (this.#isOpen) this.open();
  }

  /** Asks the peer for its whole table, and tells it ours, whatever either is believed to hold. */
  exchangeAll(node: NodeId): void {
    const progress = this.#shared.rows.progress(node);
    if (!this.#isOpen || progress === null) return;
    this.#shared.rows.setProgress(node, { ...progress, theirSeq: 0 });
    this.#telling.open(node, NOTHING);
    this.#peers.get(node)?.outgoing?.startOver(this.#shared.rows.lastSeq());
    this.#shared.effects.wake();
  }

  standing(peer: NodeId): PeerStanding {
    return this.#peers.get(peer)?.standing ?? { kind: 'unlinked' };
  }

  linkedPeers(): NodeId[] {
    return [...this.#peers.keys()];
  }

  /** Peers with which rows are exchanged now. */
  openPeers(): NodeId[] {
    return [...this.#peers].filter(([, peer]) => peer.standing.kind === 'open').map(([node]) => node);
  }

  outgoing(peer: NodeId): Outgoing | null {
    return this.#peers.get(peer)?.outgoing ?? null;
  }

  /** Our table's last sequence that this peer acknowledged. */
  acked(peer: NodeId): Seq {
    const outgoing = this.outgoing(peer);
    if (outgoing !== null) return outgoing.acked;
    const progress = this.#shared.rows.progress(peer);
    return progress !== null && progress.ourTable === this.#shared.store.tableId ? progress.ourSeq : 0;
  }

  receive(node: NodeId, message: Message): void {
    const peer = this.#peers.get(node);
    if (peer === undefined || !this.#isOpen) return;
    switch (message.kind) {
      case 'open':
        return this.#opened(node, peer, message);
      case 'close':
        Object.assign(peer, newcomer(), {
          standing:
            message.code === MISMATCH
              ? { kind: 'mismatch' }
              : { kind: 'closed', code: message.code, reason: message.reason },
        });
        return this.#telling.knowsSoon();
      case 'rows':
        return this.#rows(node, peer, message);
      case 'mark':
        return this.#marked(node, peer, message);
      case 'knows':
        return this.#knows(peer, message.knowledge, message.linked);
      case 'ack':
        return this.#acknowledged(node, peer, message);
      default:
        return;
    }
  }

  /** Sends at most one message, having looked at a piece of the table; whether there may be more. */
  pump(node: NodeId): boolean {
    const outgoing = this.outgoing(node);
    if (!this.#isReady || this.#shared.isBehind || outgoing === null) return false;
    return this.#telling.pump(node, outgoing);
  }

  /** Acknowledges what has reached the disk, and tells what we know, when that is news. */
  step(): void {
    if (!this.#isOpen || this.#shared.isBehind) return;
    acknowledge(this.#shared, this.#peers, this.#events.failures());
    this.#telling.knows();
  }

  /** When `step` or `pump` has something to do without any other event, ms. */
  nextDue(): number | null {
    let due = this.#telling.knowsDue;
    if (!this.#isReady) return due;
    for (const peer of this.#peers.values()) {
      // Without room nothing is sent at any time; that there is room again wakes by itself.
      const deferred = peer.outgoing?.hasRoom === true ? peer.outgoing.nextDue() : null;
      if (deferred !== null && (due === null || deferred < due)) due = deferred;
    }
    return due;
  }

  #opened(node: NodeId, peer: Peer, message: Extract<Message, { kind: 'open' }>): void {
    if (message.configHash !== this.#shared.settings.configHash) {
      peer.standing = { kind: 'mismatch' };
      peer.outgoing = null;
      peer.incoming = null;
      // The peer may have asked after a change of its config, long after it heard of ours.
      return this.#telling.close(node, MISMATCH, 'the rules of the mapping differ');
    }
    checkRollback(this.#shared, message.knowledge);
    if (message.haveTable === this.#shared.store.tableId && message.haveSeq > this.#shared.rows.lastSeq())
      this.#shared.rolledBack();
    const progress = this.#shared.rows.progress(node);
    const position = message.haveTable === this.#shared.store.tableId ? message.haveSeq : 0;
    const isNew = peer.standing.kind !== 'open';
    peer.standing = { kind: 'open' };
    peer.outgoing = new Outgoing(
      node,
      Math.min(position, this.#shared.rows.lastSeq()),
      this.acked(node),
      message.knowledge,
      message.linked,
    );
    // Who knew our table once, and now says that it holds nothing at all, doubts what it holds (`exchangeAll`).
    if (message.haveTable === this.#shared.store.tableId && position === 0 && message.knowledge.size === 0)
      peer.outgoing.startOver(this.#shared.rows.lastSeq());
    if (peer.incoming?.tableId !== message.tableId) {
      peer.incoming = new Incoming(
        message.tableId,
        progress?.theirTable === message.tableId ? progress.theirSeq : 0,
      );
    }
    if (!isNew) return this.#shared.effects.wake();
    // What we said before the peer took part was not heard.
    this.#telling.open(node);
    this.#telling.knowsSoon();
    this.#shared.effects.wake();
  }

  #rows(node: NodeId, peer: Peer, message: Extract<Message, { kind: 'rows' }>): void {
    const { incoming } = peer;
    if (incoming === null) return;
    if (!incoming.follows(message.prev)) {
      if (!peer.reopening) this.#telling.open(node);
      peer.reopening = true;
      return;
    }
    peer.reopening = false;
    const news = joinRows(this.#shared, message.rows);
    incoming.received = Math.max(incoming.received, message.last);
    if (news.length > 0) this.#events.joined(news, node);
  }

  #marked(node: NodeId, peer: Peer, message: Extract<Message, { kind: 'mark' }>): void {
    const { incoming } = peer;
    if (incoming === null || peer.reopening) return;
    // Rows that were not sent, because we hold them already, count as received.
    incoming.received = Math.max(incoming.received, message.seq);
    this.#shared.transact(() => {
      const before = this.#shared.rows.progress(node);
      this.#shared.rows.setProgress(node, {
        theirTable: incoming.tableId,
        theirSeq: message.seq,
        ourTable: before?.ourTable ?? this.#shared.store.tableId,
        ourSeq: before?.ourSeq ?? 0,
      });
      if (this.#shared.learn(message.knowledge)) this.#telling.knowsSoon();
    });
    incoming.mark(message.seq, this.#shared.rows.lastSeq());
    this.#knows(peer, message.knowledge, null);
    this.#shared.effects.wake();
  }

  #knows(peer: Peer, knowledge: Knowledge, linked: readonly NodeId[] | null): void {
    if (peer.outgoing === null) return;
    checkRollback(this.#shared, knowledge);
    peer.outgoing.learn(knowledge);
    if (linked !== null) peer.outgoing.linked = linked;
    this.#shared.effects.wake();
  }

  #acknowledged(node: NodeId, peer: Peer, message: Extract<Message, { kind: 'ack' }>): void {
    if (peer.outgoing === null || message.tableId !== this.#shared.store.tableId) return;
    acknowledged(this.#shared, node, peer.outgoing, message);
    this.#events.acknowledged();
  }
}

function newcomer(): Peer {
  return {
    standing: { kind: 'closed', code: 'connecting', reason: 'has not taken part yet' },
    outgoing: null,
    incoming: null,
    reopening: false,
    failuresSaid: '',
  };
}

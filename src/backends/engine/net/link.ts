/**
 * An authenticated peer as the control loop sees it: one TLS connection for control messages and one for bulk content,
 * so that a 100 GB file never delays a deletion (design.md, 4). Which side dialed does not matter.
 */
import type { NodeId } from '../core/types.ts';
import type { Message } from '../wire/messages.ts';

/** A frame of the bulk connection. What `type` and `header` mean is content transfer's business (sync/content). */
export interface BulkFrame {
  readonly stream: number;
  readonly type: number;
  /** small JSON object */
  readonly header: unknown;
  /**
   * At most MAX_BULK_BODY bytes. Of a received frame it has a buffer of its own (with the frame's first bytes before it),
   * which may be shared with or transferred to a worker thread. A sent one is the link's until `done` is called: it is not
   * copied, so its bytes must not change before.
   */
  readonly body: Uint8Array | null;
  /** Called once, by who was given the frame, when its body is not needed any more: its memory is used again. */
  readonly done?: () => void;
}

export interface BulkChannel {
  /**
   * Queues a frame, in the order of the calls; resolves when there is room for the next one (backpressure, send rate).
   * Rejects when the link is gone.
   */
  send(frame: BulkFrame): Promise<void>;
}

export interface LinkHandlers {
  message(message: Message): void;
  /** Called for each frame of the bulk connection. Until a returned promise resolves, no more is read from it. */
  bulk(frame: BulkFrame): void | Promise<void>;
  /** Called once, also after `Link.close`, and before that returns; no other handler is called afterwards. */
  closed(reason: string): void;
}

export interface Link {
  readonly peer: NodeId;
  /** groups whose key both sides proved */
  readonly groups: ReadonlySet<string>;
  /** groups that both are configured for, or that the peer named, which this link does not carry: why */
  readonly refused: ReadonlyMap<string, LinkProblem>;
  /** features that both sides have */
  readonly features: ReadonlySet<string>;
  /** peer's run: differs after each start of its daemon */
  readonly runId: string;
  /** peer's clock minus ours at the handshake, ms */
  readonly clockSkewMs: number;
  readonly bulk: BulkChannel;
  send(message: Message): void;
  /** bytes given to `send` that the kernel has not taken yet */
  queuedBytes(): number;
  /** The reason reaches the peer's `closed`. */
  close(reason: string): void;
}

/** How a peer stands when there is no link. */
export interface LinkProblem {
  readonly code:
    | 'down'
    | 'refused-key'
    | 'refused-certificate'
    | 'refused-identity'
    | 'refused-protocol'
    | 'foreign-group';
  readonly message: string;
  readonly hint: string | null;
}

export interface Network {
  /** Listens and dials all peers, for ever, with back-off; at once when a peer called. Rejects when the port is taken. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Dials now instead of waiting for the back-off to end. */
  nudge(peer: NodeId): void;
}

export interface NetworkEvents {
  /** A new link; returns its handlers. An older link to the same peer has been closed before. */
  linked(link: Link): LinkHandlers;
  /** A dial or a handshake failed and there is no link to that peer. */
  problem(peer: NodeId, problem: LinkProblem): void;
  /** Somebody was refused who is no configured peer, or only says that he is one. Rarely more than once a minute an address. */
  stranger(from: string, problem: LinkProblem): void;
}

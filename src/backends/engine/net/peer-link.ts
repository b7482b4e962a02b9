/** A link over its two connections. The bulk one may come later than the control one: bulk frames wait for it. */
import type { NodeId } from '../core/types.ts';
import { messageOf } from '../../../util/errors.ts';
import { timed } from '../../../util/timings.ts';
import { decodeBulk, encodeBulk } from '../wire/bulk-codec.ts';
import { compressInBackground } from '../wire/compression.ts';
import { decodeMessage, encodeMessage } from '../wire/control-codec.ts';
import { FrameType } from '../wire/frame.ts';
import type { Frame } from '../wire/frame.ts';
import { decodeGreeting, encodeGreeting } from '../wire/greeting.ts';
import { MAX_BULK_FRAME, MAX_CONTROL_FRAME } from '../wire/limits.ts';
import type { Message } from '../wire/messages.ts';
import { PartMemory } from '../wire/part-memory.ts';
import { ProtocolError } from '../wire/protocol-error.ts';
import type { Connection } from './connection.ts';
import type { Session } from './handshake.ts';
import type { BulkChannel, BulkFrame, Link, LinkHandlers, LinkProblem } from './link.ts';
import type { TokenBucket } from './token-bucket.ts';

export interface Rates {
  readonly send: TokenBucket;
  readonly receive: TokenBucket;
}

/** Bytes a second below which the line, and not the processor, is what one waits for. */
const SLOW_LINE = 60 * 1000 * 1000;
/** Most bodies to send uncompressed after one that did not get smaller. */
const MAX_SKIP = 64;

export class PeerLink implements Link {
  readonly peer: NodeId;
  readonly groups: ReadonlySet<string>;
  readonly refused: ReadonlyMap<string, LinkProblem>;
  readonly features: ReadonlySet<string>;
  readonly runId: string;
  readonly clockSkewMs: number;
  readonly bulk: BulkChannel = { send: (frame) => this.#sendBulk(frame) };
  readonly session: Session;
  readonly #control: Connection;
  readonly #rates: Rates;
  readonly #onClosed: () => void;
  /** of what comes in */
  readonly #memory = new PartMemory();
  #handlers: LinkHandlers | null = null;
  #closed: string | null = null;
  #bulk: Connection | null = null;
  readonly #bulkReady = Promise.withResolvers<Connection>();
  #bulkTurn: Promise<unknown> = Promise.resolve();
  #heldBack: Uint8Array[][] = [];
  #heldBackBytes = 0;
  #incompressible = { skip: 0, next: 1 };

  /** @param onClosed called once, before the handlers' `closed` */
  constructor(control: Connection, session: Session, rates: Rates, onClosed: () => void) {
    this.session = session;
    this.peer = session.peer;
    this.groups = session.groups;
    this.refused = session.refused;
    this.features = session.features;
    this.runId = session.run;
    this.clockSkewMs = session.clockSkewMs;
    this.#control = control;
    this.#rates = rates;
    this.#onClosed = onClosed;
    this.#bulkReady.promise.catch(() => undefined);
  }

  get closed(): boolean {
    return this.#closed !== null;
  }

  get hasBulk(): boolean {
    return this.#bulk !== null;
  }

  /** Frames flow from here on. */
  start(handlers: LinkHandlers): void {
    this.#handlers = handlers;
    if (this.#closed !== null) return handlers.closed(this.#closed);
    const { closed } = this.#control;
    if (closed !== null) return this.#end(closed, null);
    this.#control.onClose = (reason) => this.#end(reason, null);
    this.#control.receive(
      { frame: (frame) => this.#controlFrame(frame), fault: (error) => this.#fault(error) },
      { maxPayload: MAX_CONTROL_FRAME, memory: null },
    );
  }

  attachBulk(connection: Connection): void {
    if (this.#closed !== null || this.#bulk !== null) return connection.close('no link waits for it');
    this.#bulk = connection;
    connection.onClose = (reason) => this.#end(`the bulk connection: ${reason}`, null);
    connection.receive(
      { frame: (frame) => this.#bulkFrame(frame), fault: (error) => this.#fault(error) },
      { maxPayload: MAX_BULK_FRAME, memory: this.#memory },
    );
    this.#bulkReady.resolve(connection);
  }

  send(message: Message): void {
    if (this.#closed !== null) return;
    const zstd = this.#compresses(this.#control);
    const parts = timed('send', () => encodeMessage(message, { zstd }));
    if (
      isOrdered(message) &&
      (this.#heldBack.length > 0 || (message.kind === 'rows' && this.#rates.send.limited))
    ) {
      this.#holdBack(parts);
    } else {
      this.#control.write(parts);
    }
  }

  queuedBytes(): number {
    return this.#control.queuedBytes + this.#heldBackBytes;
  }

  close(reason: string): void {
    this.#end(reason, encodeGreeting({ kind: 'bye', code: 'closing', message: reason }));
  }

  #end(reason: string, farewell: Uint8Array[] | null): void {
    if (this.#closed !== null) return;
    this.#closed = reason;
    this.#control.close(reason, farewell ?? undefined);
    this.#bulk?.close(reason);
    this.#bulkReady.reject(new Error(reason));
    this.#heldBack = [];
    this.#heldBackBytes = 0;
    this.#onClosed();
    this.#handlers?.closed(reason);
  }

  #fault(error: unknown): void {
    const reason = messageOf(error);
    const code = error instanceof ProtocolError ? 'protocol' : 'closing';
    this.#end(
      error instanceof ProtocolError ? `${this.peer} broke the protocol: ${reason}` : reason,
      encodeGreeting({ kind: 'bye', code, message: reason }),
    );
  }

  #controlFrame(frame: Frame): void | Promise<void> {
    if (frame.type === FrameType.bye) return this.#farewell(frame);
    const message = timed('receive', () => decodeMessage(frame));
    this.#handlers?.message(message);
    if (message.kind !== 'rows') return undefined;
    return this.#rates.receive.take(frame.payload.length, () => this.#closed === null) ?? undefined;
  }

  #bulkFrame(frame: Frame): void | Promise<void> {
    if (frame.type === FrameType.bye) return this.#farewell(frame);
    if (frame.type !== FrameType.bulk)
      throw new ProtocolError('bad-frame', `unknown type of frame: ${frame.type}`);
    const done = (): void => this.#memory.giveBack(frame.payload);
    const taken = this.#handlers?.bulk({ ...decodeBulk(frame.payload), done });
    const paid = this.#rates.receive.take(frame.payload.length, () => this.#closed === null);
    if (paid === null) return taken ?? undefined;
    return Promise.all([taken, paid]).then(() => undefined);
  }

  #farewell(frame: Frame): void {
    const bye = decodeGreeting(frame);
    this.#end(bye.kind === 'bye' ? `${this.peer} closed the link: ${bye.message}` : 'closed', null);
  }

  /** Rows wait for the send rate, and what must not overtake them waits behind them. */
  #holdBack(parts: Uint8Array[]): void {
    this.#heldBack.push(parts);
    this.#heldBackBytes += lengthOf(parts);
    if (this.#heldBack.length === 1) void this.#release();
  }

  async #release(): Promise<void> {
    for (let head = this.#heldBack[0]; head !== undefined; head = this.#heldBack[0]) {
      await this.#rates.send.take(lengthOf(head), () => this.#closed === null);
      if (this.#closed !== null) return;
      this.#heldBack.shift();
      this.#heldBackBytes -= lengthOf(head);
      this.#control.write(head);
    }
  }

  // One after the other: compression takes its time, and frames of one stream must not overtake each other.
  #sendBulk(frame: BulkFrame): Promise<void> {
    const sent = this.#bulkTurn.then(() => this.#sendBulkInTurn(frame));
    this.#bulkTurn = sent.catch(() => undefined);
    return sent;
  }

  async #sendBulkInTurn(frame: BulkFrame): Promise<void> {
    const connection = this.#bulk ?? (await this.#bulkReady.promise);
    const compressed = frame.body === null ? null : await this.#compressed(connection, frame.body);
    const parts = encodeBulk(frame, compressed);
    const wait = this.#rates.send.take(lengthOf(parts), () => this.#closed === null);
    if (wait !== null) await wait;
    if (this.#closed !== null) throw new Error(this.#closed);
    const { done } = frame;
    if (compressed !== null) done?.();
    if (connection.write(parts, compressed === null ? done : undefined)) return;
    await connection.drained();
    if (this.closed) throw new Error(this.#closed ?? 'the link is gone');
  }

  #compresses(connection: Connection): boolean {
    return this.features.has('zstd') && (this.#rates.send.limited || connection.drainRate < SLOW_LINE);
  }

  /** null: send it as it is. Bodies of one file are alike: after one that did not get smaller, the next few are not tried. */
  async #compressed(connection: Connection, body: Uint8Array): Promise<Uint8Array | null> {
    if (!this.#compresses(connection)) return null;
    const state = this.#incompressible;
    if (state.skip > 0) {
      state.skip--;
      return null;
    }
    const compressed = await compressInBackground(body);
    if (compressed === null)
      this.#incompressible = { skip: state.next, next: Math.min(MAX_SKIP, state.next * 2) };
    else this.#incompressible = { skip: 0, next: 1 };
    return compressed;
  }
}

/** What a peer must receive in the order in which it was sent; the others answer for themselves. */
function isOrdered(message: Message): boolean {
  return !['ping', 'credit', 'call', 'answer'].includes(message.kind);
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

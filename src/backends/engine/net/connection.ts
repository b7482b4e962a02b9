/**
 * One TLS connection that carries frames: reads them one by one (handshake) or hands them to a receiver (link), writes
 * them in order, says how much waits, and notices when the other end takes nothing any more.
 */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { messageOf } from '../../../util/errors.ts';
import { timed } from '../../../util/timings.ts';
import { FrameReader } from '../wire/frame.ts';
import type { Frame } from '../wire/frame.ts';
import { MAX_GREETING_FRAME } from '../wire/limits.ts';
import type { PartMemory } from '../wire/part-memory.ts';
import { borrowReads } from './borrowed-reads.ts';
import type { Secured } from './tls.ts';
import { WriteQueue } from './write-queue.ts';

export interface Receiver {
  /** Until a returned promise resolves, no more is read. What it throws ends the connection. */
  frame(frame: Frame): void | Promise<void>;
  /** What was received, or what `frame` threw, cannot be gone on from: must close the connection. */
  fault(error: unknown): void;
}

const KEEPALIVE_MS = 30_000;
/** How long the other end may take to read a farewell. */
const FAREWELL_MS = 2_000;

export class Connection {
  readonly socket: TLSSocket;
  /** `host:port` of the other end */
  readonly at: string;
  /** Called once when the connection is over, with the reason. */
  onClose: ((reason: string) => void) | null = null;
  readonly #tcp: Socket;
  readonly #reader = new FrameReader(MAX_GREETING_FRAME);
  readonly #writer: WriteQueue;
  #receiver: Receiver | null = null;
  #waiting: { resolve: (frame: Frame) => void; reject: (error: unknown) => void } | null = null;
  #held = false;
  #flowing = false;
  #closed: string | null = null;

  constructor({ socket, tcp }: Secured) {
    this.socket = socket;
    this.#tcp = tcp;
    this.at = addressOf(tcp);
    this.#writer = new WriteQueue(socket, () => this.close('it takes no more data'));
    tcp.setKeepAlive(true, KEEPALIVE_MS);
    socket.on('data', (chunk: Buffer) => this.#arrived(chunk));
    socket.on('end', () => this.close('the other side closed the connection'));
    socket.on('error', (error: Error) => this.close(error.message));
    socket.on('close', () => this.close('the connection is gone'));
    socket.pause();
  }

  /** Why it is over, or null. */
  get closed(): string | null {
    return this.#closed;
  }

  /** Bytes that the kernel has not taken yet. */
  get queuedBytes(): number {
    return this.#writer.bytes;
  }

  /** What the other end takes, bytes a second, measured while there is always more; Infinity when not known. */
  get drainRate(): number {
    return this.#writer.drainRate;
  }

  /** The next frame, one caller at a time; no byte beyond it is looked at. Rejects when the connection is over. */
  read(): Promise<Frame> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== null) return reject(new Error(this.#closed));
      this.#waiting = { resolve, reject };
      this.#pump();
    });
  }

  /** From now on all frames go to the receiver, those included that came in with the last one that was read. */
  receive(
    receiver: Receiver,
    limits: { readonly maxPayload: number; readonly memory: PartMemory | null },
  ): void {
    this.#receiver = receiver;
    this.#reader.maxPayload = limits.maxPayload;
    this.#reader.memory = limits.memory;
    if (limits.memory !== null) borrowReads(this.socket, (bytes) => this.#lent(bytes));
    this.#pump();
  }

  /** Queues a frame's parts. false: wait for `drained` before the next. `written`: the kernel has all of them. */
  write(parts: readonly Uint8Array[], written?: () => void): boolean {
    return this.#closed === null && this.#writer.push(parts, written);
  }

  /** Resolves when there is room again, or when the connection is over. */
  drained(): Promise<void> {
    return this.#writer.drained();
  }

  /** Ends the connection, after a last frame if one is given. Nothing is received any more. */
  close(reason: string, farewell?: readonly Uint8Array[]): void {
    if (this.#closed !== null) return;
    this.#closed = reason;
    const { socket } = this;
    if (farewell !== undefined && socket.writable) {
      this.#writer.push(farewell);
      this.#writer.end();
      // The rest of what the other side sends is read and dropped: unread data would make the kernel reset the
      // connection and take the farewell with it.
      socket.resume();
      const timer = setTimeout(() => this.#destroy(), FAREWELL_MS);
      socket.once('close', () => clearTimeout(timer));
      socket.once('end', () => this.#destroy());
    } else {
      this.#destroy();
    }
    this.#waiting?.reject(new Error(reason));
    this.#waiting = null;
    this.onClose?.(reason);
  }

  #destroy(): void {
    this.#writer.abandon();
    this.socket.destroy();
    this.#tcp.destroy();
  }

  /** Bytes that are gone when this returns. */
  #lent(bytes: Buffer): void {
    if (this.#reader.takeMiddle(bytes)) return;
    this.#arrived(bytes);
    this.#reader.keepRest();
  }

  #arrived(chunk: Buffer): void {
    if (this.#closed !== null) return;
    this.#reader.push(chunk);
    this.#pump();
  }

  get #wanted(): boolean {
    return !this.#held && (this.#receiver !== null || this.#waiting !== null);
  }

  /** Hands on what can be handed on, then reads more or stops reading. */
  #pump(): void {
    try {
      while (this.#wanted && this.#closed === null) {
        const frame = timed('receive', () => this.#reader.next());
        if (frame === null) break;
        this.#deliver(frame);
      }
    } catch (error) {
      this.#fail(error);
    }
    if (this.#closed === null) this.#flow(this.#wanted);
  }

  #flow(flowing: boolean): void {
    if (flowing === this.#flowing) return;
    this.#flowing = flowing;
    if (flowing) this.socket.resume();
    else this.socket.pause();
  }

  #deliver(frame: Frame): void {
    if (this.#receiver === null) {
      const waiting = this.#waiting;
      this.#waiting = null;
      waiting?.resolve(frame);
      return;
    }
    const done = this.#receiver.frame(frame);
    if (done === undefined) return;
    this.#held = true;
    done.then(
      () => {
        this.#held = false;
        this.#pump();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #fail(error: unknown): void {
    if (this.#receiver !== null) this.#receiver.fault(error);
    else if (this.#waiting !== null) {
      const waiting = this.#waiting;
      this.#waiting = null;
      waiting.reject(error);
    } else this.close(messageOf(error));
  }
}

/** The other end's address as people write it. */
export function addressOf({ remoteAddress, remotePort }: Socket): string {
  const host = remoteAddress?.replace(/^::ffff:(?=\d+\.)/, '') ?? 'unknown';
  return `${host.includes(':') ? `[${host}]` : host}:${remotePort ?? 0}`;
}

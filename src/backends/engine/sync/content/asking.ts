/** The streams on which this node asks one peer for content. */
import type { BulkFrame, Link } from '../../net/link.ts';
import { ProtocolError } from '../../wire/protocol-error.ts';
import { Answer, Ask, headerAs, refusedAnswer, type Refused } from './frames.ts';

/** A peer that gives nothing for so long, though it may, has a disk that hangs: ask another. */
const STALLED_MS = 60_000;

export type Reply =
  | {
      readonly kind: 'answer';
      readonly type: number;
      readonly header: unknown;
      readonly body: Uint8Array;
      readonly done: () => void;
    }
  | { readonly kind: 'refused'; readonly refused: Refused }
  /** the link is gone, the peer gives nothing, or it is no longer wanted */
  | { readonly kind: 'lost'; readonly reason: string };

const EMPTY = new Uint8Array(0);
const nothing = (): void => undefined;

export class Asking {
  readonly link: Link;
  readonly #streams = new Map<number, AskedStream>();
  #next = 1;
  #closed: string | null = null;

  constructor(link: Link) {
    this.link = link;
  }

  /** @param window bytes of answers that the peer may send until it gets more credit */
  ask(type: number, header: unknown, body: Uint8Array | null, window: number): AskedStream {
    const id = this.#next;
    // RACE: a number could come back while an old stream with it is open; not within 4 billion requests of one link.
    this.#next = id === 0xffff_ffff ? 1 : id + 1;
    const stream = new AskedStream(window, {
      send: (kind, fields) => this.#send({ stream: id, type: kind, header: fields, body: null }),
      forget: () => this.#streams.delete(id),
    });
    if (this.#closed !== null) {
      stream.lose(this.#closed);
      return stream;
    }
    this.#streams.set(id, stream);
    this.#send({ stream: id, type, header, body });
    return stream;
  }

  /** Answers to what is no longer wanted are on their way for a while. Throws ProtocolError. */
  answer(frame: BulkFrame): void {
    const stream = this.#streams.get(frame.stream);
    if (stream === undefined) frame.done?.();
    else stream.receive(frame);
  }

  closed(): void {
    this.#closed = `the link to ${this.link.peer} is gone`;
    for (const stream of this.#streams.values()) stream.lose(this.#closed);
  }

  #send(frame: BulkFrame): void {
    // A link that is gone calls `closed`.
    this.link.bulk.send(frame).catch(() => undefined);
  }
}

interface StreamPorts {
  send(type: number, header: unknown): void;
  forget(): void;
}

export class AskedStream {
  readonly #ports: StreamPorts;
  readonly #replies: Reply[] = [];
  #waiting: ((reply: Reply) => void) | null = null;
  #window: number;
  #isOver = false;

  constructor(window: number, ports: StreamPorts) {
    this.#window = window;
    this.#ports = ports;
  }

  /** In the order of the peer's frames; after `lost`, nothing. */
  next(signal: AbortSignal, patience: number = STALLED_MS): Promise<Reply> {
    const reply = this.#replies.shift();
    if (reply !== undefined) return Promise.resolve(reply);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.cancel('it gives nothing'), patience);
      const abort = (): void => this.cancel('no longer wanted');
      this.#waiting = (got) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        resolve(got);
      };
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
    });
  }

  credit(bytes: number): void {
    if (this.#isOver) return;
    this.#window += bytes;
    this.#ports.send(Ask.credit, { bytes });
  }

  /** The peer need not go on. */
  cancel(reason: string): void {
    if (!this.#isOver) this.#ports.send(Ask.cancel, null);
    this.lose(reason);
  }

  /** Everything is there: what still comes is ignored. */
  finish(): void {
    this.#end();
  }

  lose(reason: string): void {
    this.#end();
    this.#give({ kind: 'lost', reason });
  }

  /** Throws ProtocolError. */
  receive({ type, header, body, done = nothing }: BulkFrame): void {
    if (type === Answer.refused) {
      const refused = headerAs(refusedAnswer, header);
      this.#end();
      this.#give({ kind: 'refused', refused });
      return;
    }
    this.#window -= body?.length ?? 0;
    if (this.#window < 0) throw new ProtocolError('unexpected-frame', 'more content than was asked for');
    if (type === Answer.part && (body === null || body.length === 0))
      throw new ProtocolError('bad-message', 'a part of a file without content');
    if (type !== Answer.part) this.#end();
    this.#give({ kind: 'answer', type, header, body: body ?? EMPTY, done });
  }

  #end(): void {
    this.#isOver = true;
    this.#ports.forget();
  }

  #give(reply: Reply): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) this.#replies.push(reply);
    else waiting(reply);
  }
}

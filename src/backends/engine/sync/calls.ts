/** Questions between two nodes' control loops, and their answers, over the control connection. */
import { CsyncdError, codeOf, messageOf } from '../../../util/errors.ts';
import type { Message } from '../wire/messages.ts';

/** Against an answer that never comes over a link that stays. A deep verification of a large tree takes hours. */
const LONGEST = 24 * 3600_000;

export interface Answering {
  /** Answers a peer's question; throws a CsyncdError that the peer is told. */
  answer(method: string, params: unknown): Promise<unknown>;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
  readonly timer: NodeJS.Timeout;
}

export class Calls {
  readonly #send: (message: Message) => void;
  readonly #answering: Answering;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #closed: string | null = null;

  constructor(send: (message: Message) => void, answering: Answering) {
    this.#send = send;
    this.#answering = answering;
  }

  /** Asks the peer; rejects when it refuses, when the link goes, or when the signal fires. */
  call(method: string, params: unknown, signal?: AbortSignal): Promise<unknown> {
    if (this.#closed !== null) return Promise.reject(new CsyncdError('unlinked', this.#closed));
    if (signal?.aborted === true) return Promise.reject(new CsyncdError('aborted', `${method} was given up`));
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const timer = setTimeout(
      () => this.#settle(id)?.reject(new CsyncdError('no-answer', `no answer to ${method}`)),
      LONGEST,
    );
    timer.unref();
    this.#waiting.set(id, { resolve, reject, timer });
    signal?.addEventListener(
      'abort',
      () => this.#settle(id)?.reject(new CsyncdError('aborted', `${method} was given up`)),
      { once: true },
    );
    this.#send({ kind: 'call', id, method, params });
    return promise;
  }

  receive(message: Extract<Message, { kind: 'call' | 'answer' }>): void {
    if (message.kind === 'call') {
      void this.#answer(message.id, message.method, message.params);
      return;
    }
    const waiting = this.#settle(message.id);
    if (message.error === null) waiting?.resolve(message.result);
    else waiting?.reject(new CsyncdError(message.error.code, message.error.message));
  }

  closed(reason: string): void {
    this.#closed = reason;
    for (const id of this.#waiting.keys()) this.#settle(id)?.reject(new CsyncdError('unlinked', reason));
  }

  async #answer(id: number, method: string, params: unknown): Promise<void> {
    try {
      const result = await this.#answering.answer(method, params);
      this.#send({ kind: 'answer', id, result, error: null });
    } catch (error) {
      this.#send({
        kind: 'answer',
        id,
        result: null,
        error: { code: codeOf(error) ?? 'failed', message: messageOf(error) },
      });
    }
  }

  #settle(id: number): Waiting | null {
    const waiting = this.#waiting.get(id) ?? null;
    this.#waiting.delete(id);
    if (waiting !== null) clearTimeout(waiting.timer);
    return waiting;
  }
}

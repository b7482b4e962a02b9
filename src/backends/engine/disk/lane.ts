/** One disk worker and the calls it owes answers to. One that crashes is replaced, and its calls reject. */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { CsyncdError, messageOf } from '../../../util/errors.ts';
import { addTimings } from '../../../util/timings.ts';
import { WORKER_CRASHED, receiveError } from './errors.ts';
import type { Chunk, LaneName, OpenArgs, OperationName, Operations, Posted, Request } from './operations.ts';

// .ts in a checkout, .js in the package
const WORKER = new URL(`./disk.worker${extname(import.meta.url)}`, import.meta.url);

/**
 * What a worker makes lives for one file or one batch. Left to itself V8 lets the room for new objects grow to some 100 MB in
 * each thread, and keeps it.
 */
const YOUNG_MB = 12;

interface Call {
  readonly done: PromiseWithResolvers<unknown>;
  readonly onChunk: ((chunk: Chunk) => void | Promise<void>) | null;
  /** resolves when the chunks so far were taken, one after the other */
  taken: Promise<void>;
}

export interface CallOptions {
  readonly transfer?: readonly ArrayBuffer[];
  readonly onChunk?: (chunk: Chunk) => void | Promise<void>;
  readonly signal?: AbortSignal;
}

export class Lane {
  readonly name: LaneName;
  readonly #onCrash: (reason: string) => void;
  readonly #opened = new Map<number, OpenArgs>();
  #worker: Worker | null = null;
  /** resolves when a new worker has the mappings open that the last one had */
  #ready: Promise<void> = Promise.resolve();
  #calls = new Map<number, Call>();
  #nextId = 1;
  #closed = false;

  constructor(name: LaneName, onCrash: (reason: string) => void) {
    this.name = name;
    this.#onCrash = onCrash;
  }

  async call<Name extends OperationName>(
    op: Name,
    args: Operations[Name]['args'],
    options: CallOptions = {},
  ): Promise<Operations[Name]['result']> {
    const worker = this.#worker ?? this.#start();
    await this.#ready;
    options.signal?.throwIfAborted();
    return (await this.#send(worker, op, args, options)) as Operations[Name]['result'];
  }

  /** Starts the worker, which takes a moment, before it is needed. */
  warmUp(): void {
    if (this.#worker === null && !this.#closed) this.#start();
  }

  /** Opens a mapping, in this worker and in each that takes its place. */
  async open(args: OpenArgs): Promise<void> {
    await this.call('open', args);
    this.#opened.set(args.mapping, args);
  }

  async closeMapping(mapping: number): Promise<void> {
    this.#opened.delete(mapping);
    if (this.#worker !== null && !this.#closed) await this.call('close', { mapping });
  }

  /** Gives back the memory that the worker does not use. */
  async release(): Promise<void> {
    if (this.#worker !== null && !this.#closed) await this.call('release', null);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
    this.#rejectAll(new CsyncdError('stopping', 'the disk workers are stopped'));
  }

  #send(worker: Worker, op: OperationName, args: unknown, options: CallOptions): Promise<unknown> {
    if (worker !== this.#worker) return Promise.reject(crashed(this.name, 'it ended'));
    const id = this.#nextId++;
    const done = Promise.withResolvers<unknown>();
    this.#calls.set(id, { done, onChunk: options.onChunk ?? null, taken: Promise.resolve() });
    const { signal } = options;
    const cancel = (): void => this.#post({ kind: 'cancel', id });
    signal?.addEventListener('abort', cancel, { once: true });
    this.#post({ kind: 'call', id, op, args }, options.transfer);
    return done.promise.finally(() => signal?.removeEventListener('abort', cancel));
  }

  #post(request: Request, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker?.postMessage(request, transfer);
  }

  #start(): Worker {
    if (this.#closed) throw new CsyncdError('stopping', 'the disk workers are stopped');
    const worker = new Worker(WORKER, {
      workerData: { lane: this.name },
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    this.#worker = worker;
    worker.on('message', (posted: Posted) => this.#answer(posted));
    worker.on('error', (error) => this.#ended(worker, messageOf(error)));
    worker.on('exit', (code) => this.#ended(worker, `exit code ${code}`));
    // A mapping that cannot be opened again answers each call with an error of its own.
    const opening = [...this.#opened.values()].map((args) =>
      this.#send(worker, 'open', args, {}).catch(() => undefined),
    );
    this.#ready = Promise.all(opening).then(() => undefined);
    return worker;
  }

  #answer({ spent, ...response }: Posted): void {
    addTimings(spent);
    const call = this.#calls.get(response.id);
    if (call === undefined) return;
    if (response.kind === 'chunk') {
      call.taken = call.taken.then(() => this.#take(response.id, call, response.chunk));
      return;
    }
    void call.taken.then(() => {
      this.#calls.delete(response.id);
      if (response.kind === 'result') call.done.resolve(response.value);
      else call.done.reject(receiveError(response.error));
    });
  }

  /** The worker goes on when the control loop has taken what it found. */
  async #take(id: number, call: Call, chunk: Chunk): Promise<void> {
    if (!this.#calls.has(id)) return;
    try {
      await call.onChunk?.(chunk);
      this.#post({ kind: 'ack', id });
    } catch (error) {
      this.#calls.delete(id);
      this.#post({ kind: 'cancel', id });
      call.done.reject(error instanceof Error ? error : new Error(messageOf(error)));
    }
  }

  #ended(worker: Worker, reason: string): void {
    // Closed, it ends as it should.
    if (this.#worker !== worker || this.#closed) return;
    this.#worker = null;
    this.#rejectAll(crashed(this.name, reason));
    this.#onCrash(reason);
  }

  #rejectAll(error: Error): void {
    const calls = this.#calls;
    this.#calls = new Map();
    for (const { done } of calls.values()) done.reject(error);
  }
}

function crashed(name: LaneName, reason: string): CsyncdError {
  return new CsyncdError(WORKER_CRASHED, `the ${name} worker ended while it was at work: ${reason}`, {
    hint: 'It is started again by itself; please report this.',
  });
}

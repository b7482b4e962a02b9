/** Small files: what is asked for in the same moment travels together, a request and an answer for hundreds of them. */
import { hash } from 'node:crypto';
import type { NodeId } from '../../core/types.ts';
import type { About } from '../../wire/messages.ts';
import type { Fetched, FetchRequest } from '../effects.ts';
import type { Asking } from './asking.ts';
import { Answer, Ask, contentsAnswer, MOST_SMALL, MOST_SMALL_BYTES } from './frames.ts';

/** Requests to one peer that are not answered yet; each is for up to MOST_SMALL_BYTES. */
const REQUESTS_IN_FLIGHT = 4;
/** Characters of all paths in a request, which JSON may make six times as long; its header is limited. */
const MOST_PATHS = 40_000;

export interface SmallFetchesParts {
  /** null when there is no link that serves the group */
  askingOf(peer: NodeId, group: string): Asking | null;
  received(bytes: number): void;
  corrupt(): void;
}

interface Wanted {
  readonly about: About;
  readonly request: FetchRequest;
  readonly signal: AbortSignal;
  readonly done: (result: Fetched) => void;
  /** candidates not asked yet */
  candidates: readonly NodeId[];
  readonly reasons: string[];
}

interface Lane {
  readonly queue: Wanted[];
  inFlight: number;
}

export class SmallFetches {
  readonly #parts: SmallFetchesParts;
  readonly #lanes = new Map<Asking, Lane>();
  #fresh: Wanted[] = [];

  constructor(parts: SmallFetchesParts) {
    this.#parts = parts;
  }

  fetch(about: About, request: FetchRequest, signal: AbortSignal): Promise<Fetched> {
    return new Promise((done) => {
      if (this.#fresh.length === 0) setImmediate(() => this.#dispatch());
      this.#fresh.push({ about, request, signal, done, candidates: request.candidates, reasons: [] });
    });
  }

  #dispatch(): void {
    const fresh = this.#fresh;
    this.#fresh = [];
    const lanes = new Set<Asking>();
    for (const wanted of fresh) {
      const asking = this.#enqueue(wanted);
      if (asking !== null) lanes.add(asking);
    }
    for (const asking of lanes) this.#fill(asking);
  }

  /** In the queue of the first candidate there is a link to; settled when there is none left. */
  #enqueue(wanted: Wanted): Asking | null {
    for (const [n, peer] of wanted.candidates.entries()) {
      const asking = this.#parts.askingOf(peer, wanted.about.group);
      if (asking === null) {
        wanted.reasons.push(`${peer} is not linked`);
        continue;
      }
      wanted.candidates = wanted.candidates.slice(n + 1);
      const lane = this.#lanes.get(asking) ?? { queue: [], inFlight: 0 };
      this.#lanes.set(asking, lane);
      lane.queue.push(wanted);
      return asking;
    }
    wanted.done({ kind: 'unavailable', reason: wanted.reasons.join('; ') || 'no peer has it' });
    return null;
  }

  #fill(asking: Asking): void {
    const lane = this.#lanes.get(asking);
    if (lane === undefined) return;
    while (lane.inFlight < REQUESTS_IN_FLIGHT) {
      const batch = takeBatch(lane.queue);
      if (batch.length === 0) break;
      lane.inFlight += 1;
      void this.#ask(asking, batch).finally(() => {
        lane.inFlight -= 1;
        this.#fill(asking);
      });
    }
    if (lane.inFlight === 0) this.#lanes.delete(asking);
  }

  async #ask(asking: Asking, batch: readonly Wanted[]): Promise<void> {
    const [first] = batch;
    if (first === undefined) return;
    const files = batch.map(({ request: { path, sha256, size } }) => [path, sha256, size]);
    const bytes = batch.reduce((sum, { request }) => sum + request.size, 0);
    const { group, mapping } = first.about;
    const stream = asking.ask(Ask.small, { group, mapping, files }, null, bytes);
    const wish = lastAborted(batch.map(({ signal }) => signal));
    const reply = await stream.next(wish.signal).finally(() => wish.release());
    const contents =
      reply.kind === 'answer' && reply.type === Answer.contents
        ? unpack(batch, reply.header, reply.body)
        : batch.map(() => null);
    const reason = reply.kind === 'lost' ? reply.reason : 'has it no more';
    for (const [n, wanted] of batch.entries())
      this.#settle(
        asking,
        wanted,
        contents[n] ?? null,
        reply.kind === 'refused' ? reply.refused.message : reason,
      );
  }

  /** Small enough to be hashed here: a request's worth takes less than a message to a worker and back. */
  #settle(asking: Asking, wanted: Wanted, content: Uint8Array | null, reason: string): void {
    const { request, signal, done } = wanted;
    if (content !== null) {
      this.#parts.received(content.length);
      if (hash('sha256', content, 'hex') === request.sha256) {
        // A copy: a view would keep the whole answer in memory, and send it along to the disk workers.
        done({ kind: 'inline', bytes: new Uint8Array(content) });
        return;
      }
      this.#parts.corrupt();
    }
    if (signal.aborted) {
      done({ kind: 'unavailable', reason: 'no longer wanted' });
      return;
    }
    wanted.reasons.push(`${asking.link.peer}: ${content === null ? reason : 'sent other content'}`);
    const next = this.#enqueue(wanted);
    if (next !== null) this.#fill(next);
  }
}

/** From the queue what can go in one request. */
function takeBatch(queue: Wanted[]): Wanted[] {
  const batch: Wanted[] = [];
  const rest: Wanted[] = [];
  let bytes = 0;
  let paths = 0;
  for (const wanted of queue) {
    const { about, request, signal, done } = wanted;
    const first = batch[0] ?? wanted;
    if (signal.aborted) {
      done({ kind: 'unavailable', reason: 'no longer wanted' });
      continue;
    }
    const fits =
      batch.length < MOST_SMALL &&
      first.about.group === about.group &&
      first.about.mapping === about.mapping &&
      bytes + request.size <= MOST_SMALL_BYTES &&
      (batch.length === 0 || paths + request.path.length <= MOST_PATHS);
    if (!fits) {
      rest.push(wanted);
      continue;
    }
    batch.push(wanted);
    bytes += request.size;
    paths += request.path.length;
  }
  queue.splice(0, queue.length, ...rest);
  return batch;
}

function unpack(batch: readonly Wanted[], header: unknown, body: Uint8Array): (Uint8Array | null)[] {
  const there = contentsAnswer.safeParse(header).data?.there ?? [];
  let at = 0;
  return batch.map(({ request }, n) => {
    if (there[n] !== 1) return null;
    at += request.size;
    return at <= body.length ? body.subarray(at - request.size, at) : null;
  });
}

/** A signal for when nobody wants it any more. */
function lastAborted(signals: readonly AbortSignal[]): { readonly signal: AbortSignal; release(): void } {
  const distinct = new Set(signals);
  const last = new AbortController();
  const released = new AbortController();
  let left = distinct.size;
  const count = (): void => {
    left -= 1;
    if (left === 0) last.abort();
  };
  for (const signal of distinct)
    signal.addEventListener('abort', count, { once: true, signal: released.signal });
  return { signal: last.signal, release: () => released.abort() };
}

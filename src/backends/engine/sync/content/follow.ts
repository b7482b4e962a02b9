/** Puts a file together as planned: parts from a peer as they come, and blocks of the older file in between. */
import type { DiskFile } from '../../disk/disk-file.ts';
import type { About } from '../../wire/messages.ts';
import type { FetchRequest } from '../effects.ts';
import type { AskedStream, Asking } from './asking.ts';
import type { Op } from './blocks.ts';
import { Answer, Ask } from './frames.ts';
import { encodeRanges } from './numbers.ts';
import type { Temporary } from './temporary.ts';
import type { Windows } from './windows.ts';

/** Credit is given in pieces of this share of a window at least. */
const PIECES = 4;

export interface FollowParts {
  readonly about: About;
  readonly request: FetchRequest;
  readonly asking: Asking;
  /** the older file; null when nothing is copied */
  readonly base: DiskFile | null;
  readonly windows: Windows;
  readonly signal: AbortSignal;
  received(bytes: number): void;
  saved(bytes: number): void;
}

/** `next`: ask the next candidate. `afresh`: once more, without the older file. `complete`: all bytes are there. */
export type Step =
  | { readonly kind: 'next'; readonly reason: string }
  | { readonly kind: 'afresh' }
  | { readonly kind: 'complete' };

/** Rejects when the temporary cannot be written, or when aborted while it copies. */
export async function follow(ops: readonly Op[], temporary: Temporary, parts: FollowParts): Promise<Step> {
  const gets = ops.filter((op) => op.kind === 'get');
  const source = gets.length === 0 ? null : new Source(parts, gets);
  try {
    for (const op of ops) {
      const step =
        op.kind === 'get' ? await source?.get(op.length, temporary) : await copy(op, temporary, parts);
      if (step !== undefined && step !== null) return step;
    }
    source?.finish();
    return { kind: 'complete' };
  } finally {
    source?.close();
  }
}

async function copy(
  { from, length }: Extract<Op, { kind: 'copy' }>,
  temporary: Temporary,
  parts: FollowParts,
): Promise<Step | null> {
  const { base, signal } = parts;
  if (base === null || !(await temporary.appendFrom(base, from, length, signal))) return { kind: 'afresh' };
  parts.saved(length);
  return null;
}

/** The stream on which the parts come. What is not in the temporary yet is bounded by the window. */
class Source {
  readonly #parts: FollowParts;
  readonly #stream: AskedStream;
  /** bytes that the peer may send or has sent, and that are not written yet */
  #open: number;
  /** those of them that did not come yet */
  #toCome: number;

  constructor(parts: FollowParts, gets: readonly Extract<Op, { kind: 'get' }>[]) {
    const { about, request, windows, asking } = parts;
    const { path, sha256, size } = request;
    windows.open();
    const window = windows.size;
    const header = { group: about.group, mapping: about.mapping, path, sha256, size, window };
    this.#parts = parts;
    this.#open = window;
    this.#toCome = window;
    this.#stream = asking.ask(Ask.read, header, encodeRanges(gets), window);
  }

  /** null when that many bytes are on their way to the disk. */
  async get(length: number, temporary: Temporary): Promise<Step | null> {
    for (let left = length; left > 0;) {
      // While it may send nothing, because this disk is slow, the peer's patience is not tried.
      if (this.#toCome === 0) await temporary.flushed();
      const reply = await this.#stream.next(this.#parts.signal);
      if (reply.kind === 'lost') return { kind: 'next', reason: reply.reason };
      if (reply.kind === 'refused') return { kind: 'next', reason: reply.refused.message };
      const bytes = reply.body.length;
      if (reply.type !== Answer.part || bytes > left) return { kind: 'next', reason: 'broke the protocol' };
      this.#parts.received(bytes);
      left -= bytes;
      this.#toCome -= bytes;
      temporary.append(reply.body, () => {
        reply.done();
        this.#written(bytes);
      });
    }
    return null;
  }

  finish(): void {
    this.#stream.finish();
  }

  /** Unless it is finished, the peer is told to stop. */
  close(): void {
    this.#parts.windows.close();
    this.#stream.cancel('no more of it is needed');
  }

  #written(bytes: number): void {
    this.#open -= bytes;
    const window = this.#parts.windows.size;
    const credit = window - this.#open;
    if (credit < window / PIECES) return;
    this.#open += credit;
    this.#toCome += credit;
    this.#stream.credit(credit);
  }
}

import type { Writable } from 'node:stream';
import { timed } from '../../../util/timings.ts';

/** Given to the socket at once. Small enough to see progress on a slow line, large enough for a fast one. */
const SLICE = 512 * 1024;
/** Queued bytes above which a writer is asked to wait, and below which it may go on. */
const HIGH = 2 * 1024 * 1024;
const LOW = 1024 * 1024;
/** No slice was taken for so long: no disk is that slow, the other end is gone, whatever TCP still hopes for. */
const STALLED_MS = 120_000;
/** The rate is taken over at least so many bytes: more than a socket's buffers swallow at once. */
const RATE_WINDOW = 8 * 1024 * 1024;

/** A part from this size on is written alone: what is written together is copied together by TLS. */
const LARGE = 16 * 1024;

/** Parts already written that may stay in the array. */
const COMPACT = 1024;

/** Frames on their way to a socket, in order; a small one never waits for a timer, many of them share a system call. */
export class WriteQueue {
  /** Bytes a second over the last full window of continuous writing. */
  drainRate = Infinity;
  readonly #socket: Writable;
  readonly #stalled: () => void;
  #parts: Uint8Array[] = [];
  #next = 0;
  #bytes = 0;
  #writing = false;
  #ending = false;
  #watch: NodeJS.Timeout | null = null;
  #drained: (() => void)[] = [];
  /** bytes ever pushed, and ever taken by the kernel */
  #total = { pushed: 0, taken: 0 };
  #written: { readonly upTo: number; readonly call: () => void }[] = [];
  #window = { bytes: 0, ms: 0 };

  /** @param stalled called when the socket has taken nothing for two minutes */
  constructor(socket: Writable, stalled: () => void) {
    this.#socket = socket;
    this.#stalled = stalled;
  }

  /** Bytes not taken by the kernel yet. */
  get bytes(): number {
    return this.#bytes;
  }

  /** false when there is more than enough in the queue. `written` is called when the kernel has all of the parts. */
  push(parts: readonly Uint8Array[], written?: () => void): boolean {
    for (const part of parts) {
      if (part.length === 0) continue;
      this.#parts.push(part);
      this.#bytes += part.length;
      this.#total.pushed += part.length;
    }
    if (written !== undefined) this.#written.push({ upTo: this.#total.pushed, call: written });
    if (!this.#writing) this.#write();
    return this.#bytes < HIGH;
  }

  drained(): Promise<void> {
    if (this.#bytes < HIGH) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /** Ends the socket's writing side after what is queued. */
  end(): void {
    this.#ending = true;
    if (!this.#writing) this.#write();
  }

  /** The socket is gone: nobody waits any more. */
  abandon(): void {
    this.#parts = [];
    this.#next = 0;
    this.#bytes = 0;
    this.#ending = false;
    this.#written = [];
    if (this.#watch !== null) clearTimeout(this.#watch);
    this.#watch = null;
    this.#release();
  }

  #write(): void {
    const slice = this.#takeSlice();
    if (slice.length === 0) {
      if (this.#ending) this.#socket.end();
      return;
    }
    this.#writing = true;
    const started = performance.now();
    const bytes = slice.reduce((sum, part) => sum + part.length, 0);
    this.#watch = setTimeout(this.#stalled, STALLED_MS);
    this.#watch.unref();
    timed('send', () => this.#give(slice, () => this.#taken(bytes, performance.now() - started)));
  }

  /** To the socket: encrypts, and gives the kernel what it takes at once. */
  #give(slice: readonly Uint8Array[], taken: () => void): void {
    this.#socket.cork();
    for (const part of slice.slice(0, -1)) this.#socket.write(part);
    this.#socket.write(slice.at(-1) ?? '', (error) => {
      if (error === null || error === undefined) taken();
    });
    this.#socket.uncork();
  }

  #taken(bytes: number, ms: number): void {
    if (this.#watch !== null) clearTimeout(this.#watch);
    this.#watch = null;
    this.#writing = false;
    this.#bytes = Math.max(0, this.#bytes - bytes);
    this.#total.taken += bytes;
    this.#measure(bytes, ms);
    this.#write();
    this.#tell();
    if (this.#bytes < LOW) this.#release();
  }

  /** Up to SLICE bytes from the head of the queue; a part that is longer is cut, never copied. */
  #takeSlice(): Uint8Array[] {
    const slice: Uint8Array[] = [];
    let room = SLICE;
    while (room > 0) {
      const part = this.#parts[this.#next];
      if (part === undefined || (part.length >= LARGE && slice.length > 0)) break;
      if (part.length > room) {
        slice.push(part.subarray(0, room));
        this.#parts[this.#next] = part.subarray(room);
        return slice;
      }
      slice.push(part);
      room -= part.length;
      this.#next++;
    }
    // Removing each part by itself from the head of a long array would cost its length every time.
    if (this.#next >= this.#parts.length || this.#next >= COMPACT) {
      this.#parts.splice(0, this.#next);
      this.#next = 0;
    }
    return slice;
  }

  #measure(bytes: number, ms: number): void {
    // A queue that runs dry says nothing about the line.
    if (this.#bytes === 0) {
      this.#window = { bytes: 0, ms: 0 };
      return;
    }
    const window = { bytes: this.#window.bytes + bytes, ms: this.#window.ms + ms };
    if (window.bytes >= RATE_WINDOW) this.drainRate = (window.bytes / Math.max(window.ms, 1)) * 1000;
    this.#window = window.bytes >= RATE_WINDOW ? { bytes: 0, ms: 0 } : window;
  }

  #tell(): void {
    for (let head = this.#written[0]; head !== undefined; head = this.#written[0]) {
      if (head.upTo > this.#total.taken) return;
      this.#written.shift();
      head.call();
    }
  }

  #release(): void {
    const waiting = this.#drained;
    this.#drained = [];
    for (const resolve of waiting) resolve();
  }
}

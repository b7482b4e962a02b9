/**
 * Memory for the parts of large files on their way in and out, used again and again. It is shared with the disk workers,
 * so that nothing is copied or handed over between threads; and the collector has nothing to do, which runs every few
 * MiB where memory is made anew for each part, and costs more than hashing them.
 */

/** Bytes of a part: small enough to take turns, large enough to cost little. */
export const PART = 1024 * 1024;
/** With a part, what a frame holds besides. */
const SLOT = PART + 1024;
/** What is so small is made anew. */
const SMALL = 64 * 1024;
/** Free slots that are kept: 8 MiB. */
const KEPT = 8;

export class PartMemory {
  readonly #free: SharedArrayBuffer[] = [];

  /** For a part: what is in it is anything. What is not given back is collected. */
  takePart(length: number): Uint8Array<SharedArrayBuffer> {
    return new Uint8Array(this.#slot(), 0, length);
  }

  /** For a frame: shared when it has about the size of a part, else of its own. */
  take(length: number): Buffer {
    return length < SMALL || length > SLOT
      ? Buffer.allocUnsafeSlow(length)
      : Buffer.from(this.#slot(), 0, length);
  }

  /** Once, and nobody may look at it afterwards. */
  giveBack({ buffer }: Uint8Array): void {
    if (buffer instanceof SharedArrayBuffer && this.#free.length < KEPT) this.#free.push(buffer);
  }

  #slot(): SharedArrayBuffer {
    return this.#free.pop() ?? new SharedArrayBuffer(SLOT);
  }
}

/** Small contents at hand, by hash: read by a scan or received with a row, used when a row is sent or applied. */
import { hash } from 'node:crypto';
import type { Sha256 } from '../core/types.ts';

/** Files up to this size travel with their row. */
export const INLINE_LIMIT = 64 * 1024;

/** Share of the limit that is left when room was made. */
const KEPT = 7 / 8;

/** First in, first out, bounded in bytes. */
export class Contents {
  readonly #limit: number;
  readonly #held = new Map<Sha256, Uint8Array>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** Content from a peer counts for what it is, not for what it is said to be. */
  add(bytes: Uint8Array): void {
    if (bytes.length <= INLINE_LIMIT) this.put(hash('sha256', bytes, 'hex') as Sha256, bytes);
  }

  put(sha256: Sha256, bytes: Uint8Array): void {
    if (bytes.length > INLINE_LIMIT || this.#held.has(sha256)) return;
    this.#held.set(sha256, bytes);
    this.#bytes += cost(bytes);
    if (this.#bytes > this.#limit) this.#makeRoom();
  }

  get(sha256: Sha256): Uint8Array | null {
    return this.#held.get(sha256) ?? null;
  }

  clear(): void {
    this.#held.clear();
    this.#bytes = 0;
  }

  /** For many: dropping the oldest one by one would walk over what was dropped before. */
  #makeRoom(): void {
    for (const [oldest, content] of this.#held) {
      if (this.#bytes <= this.#limit * KEPT) return;
      this.#held.delete(oldest);
      this.#bytes -= cost(content);
    }
  }
}

/** An entry costs memory too, which matters for tiny files: the view, its buffer, the hash, the place in the map. */
const ENTRY_BYTES = 500;

function cost(bytes: Uint8Array): number {
  return bytes.length + ENTRY_BYTES;
}

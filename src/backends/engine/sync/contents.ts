/** Small contents at hand, by hash: read by a scan or received with a row, used when a row is sent or applied. */
import { hash } from 'node:crypto';
import type { Sha256 } from '../core/types.ts';

/** Files up to this size travel with their row. */
export const INLINE_LIMIT = 64 * 1024;

/** Least recently used first out, bounded in bytes. */
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
    for (const [oldest, content] of this.#held) {
      if (this.#bytes <= this.#limit) break;
      this.#held.delete(oldest);
      this.#bytes -= cost(content);
    }
  }

  get(sha256: Sha256): Uint8Array | null {
    return this.#held.get(sha256) ?? null;
  }

  clear(): void {
    this.#held.clear();
    this.#bytes = 0;
  }
}

/** An entry of the map costs memory too, which matters for tiny files. */
function cost(bytes: Uint8Array): number {
  return bytes.length + 200;
}

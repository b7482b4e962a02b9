/**
 * Finding known blocks at any offset: Tridgell's rsync algorithm (thesis, 1999, chapter 3) with a polynomial rolling
 * hash (Karp and Rabin, 1987) instead of its checksum, because two sums of 16 bits spread badly over large blocks.
 */
import { hash } from 'node:crypto';

/** Bytes of SHA-256 that stand for a block; a file's whole hash is checked besides. */
export const STRONG = 16;

const BASE = 0x2c1b3c6d;
const BASE_2 = Math.imul(BASE, BASE);
const BASE_3 = Math.imul(BASE_2, BASE);
const BASE_4 = Math.imul(BASE_2, BASE_2);

/** Of one block: sum of `byte * BASE^(distance from the end)`, modulo 2^32. */
export function weakHash(bytes: Uint8Array): number {
  let sum = 0;
  let at = 0;
  // Four bytes at a time: the multiplications do not wait for each other.
  for (; at + 4 <= bytes.length; at += 4) {
    const high = Math.imul(bytes[at] ?? 0, BASE_3) + Math.imul(bytes[at + 1] ?? 0, BASE_2);
    const low = Math.imul(bytes[at + 2] ?? 0, BASE) + (bytes[at + 3] ?? 0);
    sum = (Math.imul(sum, BASE_4) + ((high + low) | 0)) | 0;
  }
  for (; at < bytes.length; at++) sum = (Math.imul(sum, BASE) + (bytes[at] ?? 0)) | 0;
  return sum >>> 0;
}

export function strongHash(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer').subarray(0, STRONG);
}

/** Blocks to look for: number, weak hash and STRONG bytes of each. */
export interface KnownBlocks {
  readonly index: Uint32Array;
  readonly weak: Uint32Array;
  readonly strong: Uint8Array;
}

interface KnownBlock {
  readonly index: number;
  readonly strong: Uint8Array;
}

export interface Found {
  readonly at: number;
  readonly index: number;
}

/** Looks for blocks of one size in any number of stretches of bytes. */
export class BlockFinder {
  readonly #blockSize: number;
  readonly #byWeak = new Map<number, KnownBlock[]>();
  readonly #byIndex = new Map<number, KnownBlock>();
  /** whether a block's weak hash begins with these bits: sparse and small, nearly every position is dismissed by it */
  readonly #filter: Uint8Array;
  readonly #shift: number;
  /** what a byte that leaves the window takes off the sum */
  readonly #leaving: Int32Array;
  #expected = -1;

  constructor(blocks: KnownBlocks, blockSize: number) {
    this.#blockSize = blockSize;
    const bits = Math.min(22, Math.max(12, 38 - Math.clz32(blocks.index.length)));
    this.#filter = new Uint8Array(2 ** bits);
    this.#shift = 32 - bits;
    for (const [n, index] of blocks.index.entries()) {
      const block = { index, strong: blocks.strong.subarray(n * STRONG, (n + 1) * STRONG) };
      const weak = blocks.weak[n] ?? 0;
      this.#filter[weak >>> this.#shift] = 1;
      const same = this.#byWeak.get(weak);
      if (same === undefined) this.#byWeak.set(weak, [block]);
      else same.push(block);
      this.#byIndex.set(index, block);
    }
    this.#leaving = Int32Array.from({ length: 256 }, (_, byte) => Math.imul(byte, power(BASE, blockSize)));
  }

  /**
   * Blocks in `bytes`, in order, not overlapping. `next` is the first position at which one could still begin that is
   * not all in `bytes`: go on from there.
   */
  find(bytes: Uint8Array): { readonly found: Found[]; readonly next: number } {
    const found: Found[] = [];
    const last = bytes.length - this.#blockSize;
    let at = 0;
    while (at <= last) {
      const hit = this.#findFrom(bytes, at, last);
      if (hit === null) return { found, next: last + 1 };
      found.push(hit);
      this.#expected = hit.index + 1;
      at = hit.at + this.#blockSize;
    }
    return { found, next: at };
  }

  #findFrom(bytes: Uint8Array, from: number, last: number): Found | null {
    const size = this.#blockSize;
    const filter = this.#filter;
    const shift = this.#shift;
    const leaving = this.#leaving;
    let sum = weakHash(bytes.subarray(from, from + size)) | 0;
    for (let at = from; ; at++) {
      if (filter[sum >>> shift] !== 0) {
        const block = this.#blockAt(bytes, at, sum >>> 0);
        if (block !== null) return { at, index: block.index };
      }
      if (at === last) return null;
      const gone = leaving[bytes[at] ?? 0] ?? 0;
      sum = (Math.imul(sum, BASE) + (((bytes[at + size] ?? 0) - gone) | 0)) | 0;
    }
  }

  #blockAt(bytes: Uint8Array, at: number, weak: number): KnownBlock | null {
    const candidates = this.#byWeak.get(weak);
    if (candidates === undefined) return null;
    const strong = strongHash(bytes.subarray(at, at + this.#blockSize));
    // Where blocks are equal to one another, the one that follows the last makes one long run of both.
    const expected = this.#byIndex.get(this.#expected);
    if (expected !== undefined && strong.equals(expected.strong)) return expected;
    return candidates.find((block) => strong.equals(block.strong)) ?? null;
  }
}

/** Modulo 2^32. */
function power(base: number, exponent: number): number {
  let result = 1;
  for (let square = base, rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = Math.imul(result, square);
    square = Math.imul(square, square);
  }
  return result;
}

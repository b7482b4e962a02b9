/**
 * Additive fingerprints of sets of rows: equal sets have equal sums whatever the order, and a change of one row changes
 * the sum by (new - old). Members of a group trust each other's sums, so the hash needs to be good, not adversary-proof;
 * content is always compared by SHA-256. Hash: MurmurHash3_x86_128 (Appleby, public domain).
 */

/** 128 bits as four unsigned 32-bit numbers. */
export type Fingerprint = readonly [number, number, number, number];

export const ZERO_FINGERPRINT: Fingerprint = [0, 0, 0, 0];

export function addFingerprint(a: Fingerprint, b: Fingerprint): Fingerprint {
  return [(a[0] + b[0]) >>> 0, (a[1] + b[1]) >>> 0, (a[2] + b[2]) >>> 0, (a[3] + b[3]) >>> 0];
}

export function sameFingerprint(a: Fingerprint, b: Fingerprint): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2] && a[3] === b[3];
}

const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;

/** Fingerprint of one item. */
export function fingerprintOf(bytes: Uint8Array): Fingerprint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.length - (bytes.length % 16);
  let h1 = 0;
  let h2 = 0;
  let h3 = 0;
  let h4 = 0;
  for (let at = 0; at < whole; at += 16) {
    h1 ^= scramble(view.getUint32(at, true), C1, 15, C2);
    h1 = (Math.imul((rotate(h1, 19) + h2) | 0, 5) + 0x561ccd1b) | 0;
    h2 ^= scramble(view.getUint32(at + 4, true), C2, 16, C3);
    h2 = (Math.imul((rotate(h2, 17) + h3) | 0, 5) + 0x0bcaa747) | 0;
    h3 ^= scramble(view.getUint32(at + 8, true), C3, 17, C4);
    h3 = (Math.imul((rotate(h3, 15) + h4) | 0, 5) + 0x96cd1c35) | 0;
    h4 ^= scramble(view.getUint32(at + 12, true), C4, 18, C1);
    h4 = (Math.imul((rotate(h4, 13) + h1) | 0, 5) + 0x32ac3b17) | 0;
  }
  const tail = [0, 0, 0, 0];
  for (let at = whole; at < bytes.length; at++) {
    const offset = at - whole;
    tail[offset >> 2] = (tail[offset >> 2] ?? 0) | ((bytes[at] ?? 0) << ((offset & 3) * 8));
  }
  h4 ^= scramble(tail[3] ?? 0, C4, 18, C1);
  h3 ^= scramble(tail[2] ?? 0, C3, 17, C4);
  h2 ^= scramble(tail[1] ?? 0, C2, 16, C3);
  h1 ^= scramble(tail[0] ?? 0, C1, 15, C2);
  return finish(h1 ^ bytes.length, h2 ^ bytes.length, h3 ^ bytes.length, h4 ^ bytes.length);
}

function finish(a: number, b: number, c: number, d: number): Fingerprint {
  let h1 = (a + b + c + d) | 0;
  let h2 = mix((b + h1) | 0);
  let h3 = mix((c + h1) | 0);
  let h4 = mix((d + h1) | 0);
  h1 = (mix(h1) + h2 + h3 + h4) | 0;
  h2 = (h2 + h1) | 0;
  h3 = (h3 + h1) | 0;
  h4 = (h4 + h1) | 0;
  return [h1 >>> 0, h2 >>> 0, h3 >>> 0, h4 >>> 0];
}

function scramble(k: number, first: number, bits: number, second: number): number {
  return Math.imul(rotate(Math.imul(k, first), bits), second);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function mix(value: number): number {
  let h = value ^ (value >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

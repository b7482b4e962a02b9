/**
 * Which blocks of a file this node has already in an older one, and what is left to get. Pure. The giver hashes the
 * blocks of the new file, once for all who ask; who receives it looks for them in what it has, first in place, then
 * anywhere on a block's border, then at any offset (rolling.ts).
 */
import { STRONG, type Found, type KnownBlocks } from '../../disk/rolling.ts';

const KiB = 1024;
const SMALLEST = 64 * KiB;
const MOST_BLOCKS = 65_536;
/** What is shifted is missing to its end; fewer blocks in a row are not worth another question. */
const SEARCHED_FROM = 4;

/** Files below this are sent whole. */
export const COMPARED_FROM = 1024 * KiB;

export interface Range {
  readonly at: number;
  readonly length: number;
}

/** How a file is put together, from its first byte to its last. */
export type Op =
  | { readonly kind: 'copy'; readonly at: number; readonly from: number; readonly length: number }
  | { readonly kind: 'get'; readonly at: number; readonly length: number };

/** For each full block of the new file, where it is in the old one; NOWHERE where it is not. */
export type Sources = Float64Array;
const NOWHERE = -1;

/** A power of two from 64 KiB, so that the hashes stay below 1 MiB and 0.03 % of the file. */
export function blockSizeFor(size: number): number {
  let blockSize = SMALLEST;
  while (size / blockSize > MOST_BLOCKS) blockSize *= 2;
  return blockSize;
}

/** @param wanted and `held`: STRONG bytes for each full block of the new and the old file */
export function findAligned(wanted: Uint8Array, held: Uint8Array, blockSize: number): Sources {
  const sources = new Float64Array(wanted.length / STRONG).fill(NOWHERE);
  for (let block = 0; block < sources.length; block++) {
    const at = block * STRONG;
    const isSame = Buffer.compare(wanted.subarray(at, at + STRONG), held.subarray(at, at + STRONG)) === 0;
    if (isSame) sources[block] = block * blockSize;
  }
  const missing = blocksByHash(wanted, missingBlocks(sources));
  if (missing.size === 0) return sources;
  for (let block = 0; block * STRONG < held.length; block++) {
    for (const same of missing.get(hashAt(held, block)) ?? []) sources[same] = block * blockSize;
  }
  return sources;
}

function missingBlocks(sources: Sources): number[] {
  const missing: number[] = [];
  for (const [block, from] of sources.entries()) if (from === NOWHERE) missing.push(block);
  return missing;
}

/** Missing blocks that may be in the old file at another offset, each content once. */
export function blocksToSearch(sources: Sources, wanted: Uint8Array): Uint32Array {
  const stretches: number[][] = [];
  for (const block of missingBlocks(sources)) {
    const last = stretches.at(-1);
    if (last?.at(-1) === block - 1) last.push(block);
    else stretches.push([block]);
  }
  const long = stretches.filter((stretch) => stretch.length >= SEARCHED_FROM).flat();
  return Uint32Array.from([...blocksByHash(wanted, long).values()].flatMap(([first]) => first ?? []));
}

/** Stretches of the old file that no block came from, and that are long enough to hold one. */
export function unusedRanges(sources: Sources, heldSize: number, blockSize: number): Range[] {
  const used = [...sources].filter((from) => from !== NOWHERE).sort((a, b) => a - b);
  const ranges: Range[] = [];
  let at = 0;
  for (const from of [...used, heldSize]) {
    if (from - at >= blockSize) ranges.push({ at, length: from - at });
    at = Math.max(at, from + blockSize);
  }
  return ranges;
}

/** @param weak a hash for each of `blocks` */
export function knownBlocks(blocks: Uint32Array, wanted: Uint8Array, weak: Uint32Array): KnownBlocks {
  const strong = new Uint8Array(blocks.length * STRONG);
  for (const [n, block] of blocks.entries())
    strong.set(wanted.subarray(block * STRONG, (block + 1) * STRONG), n * STRONG);
  return { index: blocks, weak, strong };
}

/** Takes what a search of the old file found, for all missing blocks of the same content. */
export function addFound(sources: Sources, wanted: Uint8Array, found: readonly Found[]): void {
  const missing = blocksByHash(wanted, missingBlocks(sources));
  for (const { at, index } of found)
    for (const same of missing.get(hashAt(wanted, index)) ?? []) sources[same] = at;
}

/** How to go on with a file of which the first `done` bytes are there. */
export function opsFrom(done: number, size: number, sources: Sources, blockSize: number): Op[] {
  const ops: Op[] = [];
  let at = done;
  for (const [block, from] of sources.entries()) {
    const end = (block + 1) * blockSize;
    if (from === NOWHERE || end <= at) continue;
    const start = Math.max(at, block * blockSize);
    if (start > at) ops.push({ kind: 'get', at, length: start - at });
    addCopy(ops, start, from + start - block * blockSize, end - start);
    at = end;
  }
  if (at < size) ops.push({ kind: 'get', at, length: size - at });
  return ops;
}

/** As part of the last copy where it goes on from it. */
function addCopy(ops: Op[], at: number, from: number, length: number): void {
  const last = ops.at(-1);
  if (last?.kind === 'copy' && last.from + last.length === from)
    ops[ops.length - 1] = { ...last, length: last.length + length };
  else ops.push({ kind: 'copy', at, from, length });
}

function blocksByHash(hashes: Uint8Array, blocks: readonly number[]): Map<string, number[]> {
  const byHash = new Map<string, number[]>();
  for (const block of blocks) {
    const key = hashAt(hashes, block);
    const same = byHash.get(key);
    if (same === undefined) byHash.set(key, [block]);
    else same.push(block);
  }
  return byHash;
}

function hashAt(hashes: Uint8Array, block: number): string {
  const { buffer, byteOffset } = hashes;
  return Buffer.from(buffer, byteOffset + block * STRONG, STRONG).toString('latin1');
}

/** What of a file this node has already in an older one, by blocks, and what is left to get. Pure. */
import { STRONG } from './rolling.ts';

const KiB = 1024;
const SMALLEST = 64 * KiB;
const MOST_BLOCKS = 65_536;

/** Files below this are sent whole. */
export const COMPARED_FROM = 1024 * KiB;

/** `length` bytes at `from` of the old file are those at `at` of the new one. */
export interface Run {
  readonly at: number;
  readonly from: number;
  readonly length: number;
}

export interface Range {
  readonly at: number;
  readonly length: number;
}

/** How a file is put together, from its first byte to its last. */
export type Op = ({ readonly kind: 'copy' } & Run) | ({ readonly kind: 'get' } & Range);

/** Of both files: a power of two from 64 KiB, so that the hashes stay below 1 MiB and 0.03 % of the old file. */
export function blockSizeFor(baseSize: number): number {
  let size = SMALLEST;
  while (baseSize / size > MOST_BLOCKS) size *= 2;
  return size;
}

/** Blocks that both have at the same place; `ours` and `theirs` are STRONG bytes for each full block. */
export function alignedRuns(ours: Uint8Array, theirs: Uint8Array, blockSize: number): Run[] {
  const runs: Run[] = [];
  const count = Math.floor(Math.min(ours.length, theirs.length) / STRONG);
  for (let block = 0; block < count; block++) {
    const at = block * STRONG;
    if (Buffer.compare(ours.subarray(at, at + STRONG), theirs.subarray(at, at + STRONG)) !== 0) continue;
    const offset = block * blockSize;
    addRun(runs, { at: offset, from: offset, length: blockSize });
  }
  return runs;
}

/** Appends a run that begins behind all others, as part of the last one where it goes on from it. */
export function addRun(runs: Run[], run: Run): void {
  const last = runs.at(-1);
  const follows = last !== undefined && last.at + last.length === run.at;
  if (follows && last.from + last.length === run.from)
    runs[runs.length - 1] = { ...last, length: last.length + run.length };
  else runs.push(run);
}

/** Runs of both, in order; they must not overlap. */
export function mergeRuns(some: readonly Run[], others: readonly Run[]): Run[] {
  const merged: Run[] = [];
  for (const run of [...some, ...others].sort((a, b) => a.at - b.at)) addRun(merged, run);
  return merged;
}

/** What no run gives of a file of this size. */
export function gapsBetween(runs: readonly Run[], size: number): Range[] {
  const gaps: Range[] = [];
  let at = 0;
  for (const run of runs) {
    if (run.at > at) gaps.push({ at, length: run.at - at });
    at = run.at + run.length;
  }
  if (at < size) gaps.push({ at, length: size - at });
  return gaps;
}

/** Full blocks of the old file that no run uses whole. */
export function unusedBlocks(runs: readonly Run[], baseSize: number, blockSize: number): number[] {
  const used = new Uint8Array(Math.floor(baseSize / blockSize));
  for (const { from, length } of runs)
    used.fill(1, Math.ceil(from / blockSize), Math.floor((from + length) / blockSize));
  const unused: number[] = [];
  for (const [block, isUsed] of used.entries()) if (isUsed === 0) unused.push(block);
  return unused;
}

/** How to go on with a file of which the first `done` bytes are there. */
export function opsFrom(done: number, size: number, runs: readonly Run[]): Op[] {
  const ops: Op[] = [];
  let at = done;
  for (const run of runs) {
    const skipped = Math.max(0, at - run.at);
    if (skipped >= run.length) continue;
    const start = run.at + skipped;
    if (start > at) ops.push({ kind: 'get', at, length: start - at });
    ops.push({ kind: 'copy', at: start, from: run.from + skipped, length: run.length - skipped });
    at = run.at + run.length;
  }
  if (at < size) ops.push({ kind: 'get', at, length: size - at });
  return ops;
}

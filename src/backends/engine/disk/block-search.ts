/** What comparing a large file with an older one takes: hashes of blocks, and a search for them at any offset. */
import type { Fd, Sys } from '../../../sys/sys.ts';
import { fill } from '../scan/read.ts';
import { BlockFinder, weakHash, type Found } from './rolling.ts';
import type { BlockSearch } from './operations.ts';

/** Read and searched between two pauses. */
const PART = 1024 * 1024;

/** Weak hashes of these blocks of a file, in their order. */
export function* weakHashes(
  sys: Sys,
  fd: Fd,
  blocks: Uint32Array,
  blockSize: number,
): Generator<null, Uint32Array> {
  const bytes = new Uint8Array(blockSize);
  const hashes = new Uint32Array(blocks.length);
  for (const [n, block] of blocks.entries()) {
    fill(sys, fd, bytes, block * blockSize);
    hashes[n] = weakHash(bytes);
    yield null;
  }
  return hashes;
}

/**
 * Where in these ranges of a file the blocks are. Gives up when `patience` bytes in a row held none of them: then the
 * content is most likely new.
 */
export function* searchBlocks(sys: Sys, fd: Fd, search: BlockSearch): Generator<null, Found[]> {
  const { blocks, blockSize, ranges, patience } = search;
  const finder = new BlockFinder(blocks, blockSize);
  const buffer = new Uint8Array(blockSize + PART);
  const found: Found[] = [];
  let inVain = 0;
  for (const { at: start, length } of ranges) {
    for (let done = 0; length - done >= blockSize && inVain < patience;) {
      const part = buffer.subarray(0, Math.min(buffer.length, length - done));
      if (fill(sys, fd, part, start + done) < part.length) return found;
      const hits = finder.find(part);
      for (const { at, index } of hits.found) found.push({ at: start + done + at, index });
      inVain = hits.found.length > 0 ? 0 : inVain + hits.next;
      done += hits.next;
      yield null;
    }
  }
  return found;
}

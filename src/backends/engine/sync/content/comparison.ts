/** Finds out which blocks of a wanted file an older one here has. */
import type { DiskFile } from '../../disk/disk-file.ts';
import type { About } from '../../wire/messages.ts';
import type { FetchRequest } from '../effects.ts';
import type { Asking } from './asking.ts';
import { hashBlocks } from './block-hashes.ts';
import {
  addFound,
  blockSizeFor,
  blocksToSearch,
  COMPARED_FROM,
  findAligned,
  knownBlocks,
  unusedRanges,
  type Sources,
} from './blocks.ts';
import type { ContentDisk } from './content-disk.ts';
import { Answer, Ask } from './frames.ts';
import { decodeWords, encodeWords } from './numbers.ts';
import { STRONG } from '../../disk/rolling.ts';

const WEAK = 4;
const WEAK_LIMIT = 2 ** 32;
/** Bytes of the old file in which no block was found, after which the search is given up. */
const PATIENCE = 64 * 1024 * 1024;
/** A peer may take this long to hash a file before it answers: a minute, and what a slow disk needs. */
const HASHING_MS = 60_000;
const SLOW_DISK_BYTES_PER_MS = 20_000;

export interface Comparison {
  readonly base: DiskFile;
  readonly sources: Sources;
  readonly blockSize: number;
}

export interface ComparisonParts {
  readonly about: About;
  readonly request: FetchRequest;
  readonly disk: ContentDisk;
  readonly signal: AbortSignal;
}

/**
 * null: there is nothing to compare with. `refused`: this peer does not have the wanted file, or cannot be asked. The
 * caller closes `base`. Rejects only when aborted.
 */
export async function compare(
  asking: Asking,
  parts: ComparisonParts,
): Promise<Comparison | null | { readonly refused: string }> {
  const { request } = parts;
  const blockSize = blockSizeFor(request.size);
  const base = request.size < COMPARED_FROM ? null : await openBase(parts);
  if (base === null) return null;
  const compared = base.size < blockSize ? null : await compareBlocks(asking, parts, base, blockSize);
  if (compared === null || 'refused' in compared) {
    await base.close().catch(() => undefined);
    return compared;
  }
  return compared;
}

async function openBase({ disk, request }: ComparisonParts): Promise<DiskFile | null> {
  if (request.base === null) return null;
  // RACE: it may be written to while it is read. The hash of the whole file tells, and then it is done without.
  return disk.openRead(request.base, null).catch(() => null);
}

async function compareBlocks(
  asking: Asking,
  parts: ComparisonParts,
  base: DiskFile,
  blockSize: number,
): Promise<Comparison | null | { readonly refused: string }> {
  const { about, request, signal } = parts;
  const { path, sha256, size } = request;
  const header = { group: about.group, mapping: about.mapping, path, sha256, size, blockSize };
  const length = Math.floor(size / blockSize) * STRONG;
  const stream = asking.ask(Ask.hashes, header, null, length);
  const [held, reply] = await Promise.all([
    hashBlocks(base, blockSize, signal).catch(() => null),
    stream.next(signal, HASHING_MS + size / SLOW_DISK_BYTES_PER_MS),
  ]);
  signal.throwIfAborted();
  if (reply.kind === 'lost') return { refused: reply.reason };
  if (reply.kind === 'refused') return { refused: reply.refused.message };
  if (reply.type !== Answer.hashes || reply.body.length !== length) return { refused: 'broke the protocol' };
  if (held === null) return null;
  const wanted = reply.body;
  const sources = findAligned(wanted, held, blockSize);
  const blocks = blocksToSearch(sources, wanted);
  const ranges = unusedRanges(sources, base.size, blockSize);
  if (blocks.length > 0 && ranges.length > 0) {
    const weak = await askWeak(asking, header, blocks, signal);
    const search = weak && {
      blocks: knownBlocks(blocks, wanted, weak),
      blockSize,
      ranges,
      patience: PATIENCE,
    };
    const found = search === null ? [] : await base.searchBlocks(search, signal).catch(() => []);
    signal.throwIfAborted();
    addFound(sources, wanted, found);
  }
  return { base, sources, blockSize };
}

async function askWeak(
  asking: Asking,
  header: unknown,
  blocks: Uint32Array,
  signal: AbortSignal,
): Promise<Uint32Array | null> {
  const length = blocks.length * WEAK;
  const reply = await asking.ask(Ask.weak, header, encodeWords(blocks), length).next(signal);
  if (reply.kind !== 'answer' || reply.type !== Answer.weak || reply.body.length !== length) return null;
  return decodeWords(reply.body, WEAK_LIMIT);
}

/** Hashes of the blocks of whole files, by their content: all peers that ask for one share them. */
import type { Sha256 } from '../../core/types.ts';
import type { DiskFile } from '../../disk/disk-file.ts';
import { STRONG } from '../../disk/rolling.ts';

/** Files remembered: at most 16 MiB, mostly far less. */
const MOST = 16;
const SHA256_BYTES = 32;

export class BlockHashes {
  /** least recently used first */
  readonly #known = new Map<string, Promise<Uint8Array | null>>();

  /** STRONG bytes for each full block; null when the file was changed while it was read. Rejects as the disk does. */
  get(sha256: Sha256, blockSize: number, file: DiskFile): Promise<Uint8Array | null> {
    const key = `${sha256} ${blockSize}`;
    const known = this.#known.get(key) ?? hashUnchanged(file, blockSize);
    this.#known.delete(key);
    this.#known.set(key, known);
    const forget = (): unknown => this.#known.get(key) === known && this.#known.delete(key);
    known.then((hashes) => hashes ?? forget(), forget);
    const [oldest] = this.#known.size > MOST ? this.#known.keys() : [];
    if (oldest !== undefined) this.#known.delete(oldest);
    return known;
  }
}

async function hashUnchanged(file: DiskFile, blockSize: number): Promise<Uint8Array | null> {
  const hashes = await hashBlocks(file, blockSize);
  return (await file.isUnchanged()) ? hashes : null;
}

/** STRONG bytes for each full block. */
export async function hashBlocks(
  file: DiskFile,
  blockSize: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const whole = await file.blockHashes(blockSize, signal);
  const count = Math.floor(file.size / blockSize);
  const hashes = new Uint8Array(count * STRONG);
  for (let block = 0; block < count; block++) {
    const at = block * SHA256_BYTES;
    hashes.set(whole.subarray(at, at + STRONG), block * STRONG);
  }
  return hashes;
}

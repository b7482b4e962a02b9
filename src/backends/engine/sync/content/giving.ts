/**
 * What one peer gets from this node. Small files go first and large ones take turns, a part each; what is read ahead is
 * bounded for the link, so a peer that takes nothing stops the reading and holds little memory.
 */
import { codeOf, messageOf } from '../../../../util/errors.ts';
import type { Sha256 } from '../../core/types.ts';
import type { DiskFile } from '../../disk/disk-file.ts';
import type { BulkFrame, Link } from '../../net/link.ts';
import type { About } from '../../wire/messages.ts';
import { ProtocolError } from '../../wire/protocol-error.ts';
import type { ContentDisk } from './content-disk.ts';
import type { ContentSource } from '../content-transfer.ts';
import { blockSizeFor } from './blocks.ts';
import type { BlockHashes } from './block-hashes.ts';
import {
  Answer,
  Ask,
  credit,
  blocksAsk,
  headerAs,
  MOST_SMALL_BYTES,
  readAsk,
  smallAsk,
  type FileAsk,
  type Refused,
} from './frames.ts';
import { GivenFile } from './given-file.ts';
import { PartMemory } from '../../wire/part-memory.ts';
import { decodeRanges, decodeWords, encodeWords } from './numbers.ts';
import { readSmallFiles, type SmallFile } from './small-reads.ts';

/** Reads that may be ahead of what the link takes. */
const READ_AHEAD = 4;
/** Requests of one peer that are served or wait at a time. */
const MOST_REQUESTS = 128;

export interface GivingParts {
  disk(about: About): ContentDisk | null;
  readonly source: ContentSource;
  readonly hashes: BlockHashes;
  sent(bytes: number): void;
}

/** Never rejects. */
type Work = () => Promise<BulkFrame[]>;

export class Giving {
  readonly #link: Link;
  readonly #parts: GivingParts;
  /** every request that is not answered yet; null until its file is open */
  readonly #streams = new Map<number, GivenFile | null>();
  readonly #small: Work[] = [];
  readonly #turns: GivenFile[] = [];
  readonly #memory = new PartMemory();
  /** open, or on their way to be */
  #files = 0;
  #isPumping = false;
  #isClosed = false;

  constructor(link: Link, parts: GivingParts) {
    this.#link = link;
    this.#parts = parts;
  }

  /** Throws ProtocolError. */
  asked(frame: BulkFrame): void {
    const { stream, type, header } = frame;
    switch (type) {
      case Ask.credit:
        return this.#credited(stream, headerAs(credit, header).bytes);
      case Ask.cancel:
        return this.#forget(stream);
      case Ask.small:
        return this.#begin(stream, () => this.#smallAsked(stream, headerAs(smallAsk, header)));
      case Ask.read:
        return this.#begin(stream, () => this.#readAsked(frame));
      case Ask.hashes:
        return this.#begin(stream, () => this.#hashesAsked(stream, headerAs(blocksAsk, header)));
      case Ask.weak:
        return this.#begin(stream, () => this.#weakAsked(frame));
      default:
        throw new ProtocolError('unexpected-frame', `unknown type of bulk frame: ${type}`);
    }
  }

  #credited(stream: number, bytes: number): void {
    this.#streams.get(stream)?.credit(bytes);
    this.#wake();
  }

  closed(): void {
    this.#isClosed = true;
    for (const stream of this.#streams.keys()) this.#forget(stream);
    this.#small.length = 0;
  }

  #begin(stream: number, start: () => void): void {
    if (this.#streams.has(stream))
      throw new ProtocolError('unexpected-frame', `stream ${stream} is asked on twice`);
    if (this.#small.length > 2 * MOST_REQUESTS)
      throw new ProtocolError('unexpected-frame', 'requests without end');
    if (Math.max(this.#streams.size, this.#files) >= MOST_REQUESTS)
      return this.#queue(refusal(stream, 'busy', 'too many requests at a time'));
    this.#streams.set(stream, null);
    start();
  }

  #smallAsked(stream: number, { files, ...about }: About & { readonly files: readonly SmallFile[] }): void {
    if (files.reduce((sum, { size }) => sum + size, 0) > MOST_SMALL_BYTES)
      throw new ProtocolError('too-large', 'too much in one request for small files');
    this.#small.push(async () => {
      if (!this.#streams.has(stream)) return [];
      const contents = await this.#readSmall(about, files).catch(() => null);
      if (!this.#streams.delete(stream)) return [];
      if (contents === null) return [refusal(stream, 'failed', 'the files cannot be read')];
      const there = contents.map((bytes) => (bytes === null ? 0 : 1));
      const body = Buffer.concat(contents.flatMap((bytes) => bytes ?? []));
      return [{ stream, type: Answer.contents, header: { there }, body }];
    });
    this.#wake();
  }

  async #readSmall(about: About, files: readonly SmallFile[]): Promise<(Uint8Array | null)[]> {
    const disk = this.#diskFor(about);
    if (disk === null) return files.map(() => null);
    return readSmallFiles(disk, files, ({ path, sha256 }) => this.#parts.source.locate(about, path, sha256));
  }

  #readAsked({ stream, header, body }: BulkFrame): void {
    const { window, ...ask } = headerAs(readAsk, header);
    const ranges = decodeRanges(body, ask.size);
    void this.#withFile(stream, ask, async (file) => {
      const given = new GivenFile({ stream, file, ranges, window, memory: this.#memory });
      this.#streams.set(stream, given);
      this.#turns.push(given);
      this.#wake();
      return given.done;
    });
  }

  #hashesAsked(stream: number, ask: FileAsk & { readonly blockSize: number }): void {
    checkBlockSize(ask);
    void this.#withFile(stream, ask, async (file) => {
      const body = await this.#parts.hashes.get(ask.sha256, ask.blockSize, file);
      this.#answer(body === null ? changed(stream) : { stream, type: Answer.hashes, header: null, body });
    });
  }

  #weakAsked({ stream, header, body }: BulkFrame): void {
    const ask = headerAs(blocksAsk, header);
    checkBlockSize(ask);
    const blocks = decodeWords(body, Math.floor(ask.size / ask.blockSize));
    void this.#withFile(stream, ask, async (file) => {
      const hashes = encodeWords(await file.weakHashes(blocks, ask.blockSize));
      this.#answer({ stream, type: Answer.weak, header: null, body: hashes });
    });
  }

  /** Opens what was asked for and closes it after `use`; what goes wrong becomes the answer. */
  async #withFile(stream: number, ask: FileAsk, use: (file: DiskFile) => Promise<void>): Promise<void> {
    this.#files += 1;
    try {
      const file = await this.#open(ask, ask);
      if (file === null) return this.#answer(refusal(stream, 'absent', 'it is not here'));
      try {
        if (file.size !== ask.size) return this.#answer(changed(stream));
        if (this.#streams.has(stream)) await use(file);
      } finally {
        await file.close();
      }
    } catch (error) {
      // The reason names no path of this node.
      this.#answer(refusal(stream, 'failed', codeOf(error) ?? messageOf(error)));
    } finally {
      this.#files -= 1;
    }
  }

  async #open(
    about: About,
    { path, sha256 }: { path: FileAsk['path']; sha256: Sha256 },
  ): Promise<DiskFile | null> {
    const disk = this.#diskFor(about);
    const located = disk === null ? null : this.#parts.source.locate(about, path, sha256);
    if (disk === null || located === null || located.kind === 'bytes') return null;
    return located.kind === 'path'
      ? disk.openRead(located.path, located.identity)
      : disk.openBackup(located.id);
  }

  /** null for a group whose key the peer did not prove (design.md, 4). */
  #diskFor(about: About): ContentDisk | null {
    return this.#link.groups.has(about.group) ? this.#parts.disk(about) : null;
  }

  #forget(stream: number): void {
    const given = this.#streams.get(stream);
    this.#streams.delete(stream);
    if (given === undefined || given === null) return;
    given.end();
    const turn = this.#turns.indexOf(given);
    if (turn !== -1) this.#turns.splice(turn, 1);
  }

  /** The last frame of a stream, unless it was cancelled. */
  #answer(frame: BulkFrame): void {
    if (this.#streams.delete(frame.stream)) this.#queue(frame);
  }

  #queue(frame: BulkFrame): void {
    this.#small.push(() => Promise.resolve([frame]));
    this.#wake();
  }

  #wake(): void {
    if (!this.#isPumping && !this.#isClosed) void this.#pump();
  }

  async #pump(): Promise<void> {
    this.#isPumping = true;
    const ahead: Promise<BulkFrame[]>[] = [];
    try {
      for (;;) {
        for (let work = this.#nextWork(); work !== null; work = this.#nextWork()) {
          ahead.push(work());
          if (ahead.length >= READ_AHEAD) break;
        }
        const frames = await ahead.shift();
        if (frames === undefined) break;
        for (const frame of frames) {
          this.#parts.sent(frame.body?.length ?? 0);
          await this.#link.bulk.send(frame);
        }
      }
    } catch {
      // The link is gone: `closed` is called, or was.
    }
    this.#isPumping = false;
  }

  #nextWork(): Work | null {
    const small = this.#small.shift();
    if (small !== undefined) return small;
    const turn = this.#turns.findIndex((given) => given.isReady());
    const [given] = turn === -1 ? [] : this.#turns.splice(turn, 1);
    if (given === undefined) return null;
    const part = given.takePart();
    if (!part.isLast) this.#turns.push(given);
    return async () => {
      const frames = await given.read(part);
      if (frames.at(-1)?.type !== Answer.part) this.#forget(given.stream);
      return frames;
    };
  }
}

function checkBlockSize({ size, blockSize }: { readonly size: number; readonly blockSize: number }): void {
  if (blockSize !== blockSizeFor(size))
    throw new ProtocolError('bad-message', `blocks of ${blockSize} bytes of a file of ${size}`);
}

function changed(stream: number): BulkFrame {
  return refusal(stream, 'changed', 'it was changed meanwhile');
}

function refusal(stream: number, code: Refused['code'], message: string): BulkFrame {
  return { stream, type: Answer.refused, header: { code, message }, body: null };
}

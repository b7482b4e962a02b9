/** One large file that is being read for a peer: which part is next, and how many bytes the peer takes. */
import { codeOf, messageOf } from '../../../../util/errors.ts';
import type { DiskFile } from '../../disk/disk-file.ts';
import type { BulkFrame } from '../../net/link.ts';
import type { Range } from './blocks.ts';
import { Answer, MAX_WINDOW, type Refused } from './frames.ts';
import { PART, type PartMemory } from '../../wire/part-memory.ts';

interface Part extends Range {
  readonly isLast: boolean;
}

export class GivenFile {
  readonly stream: number;
  /** resolves when nothing is read from the file any more */
  readonly done: Promise<void>;
  readonly #file: DiskFile;
  readonly #ranges: readonly Range[];
  readonly #memory: PartMemory;
  #window: number;
  #range = 0;
  /** taken of the present range */
  #taken = 0;
  #reading = 0;
  #isOver = false;
  readonly #done = Promise.withResolvers<void>();

  constructor(options: {
    readonly stream: number;
    readonly file: DiskFile;
    readonly ranges: readonly Range[];
    readonly window: number;
    readonly memory: PartMemory;
  }) {
    this.stream = options.stream;
    this.#file = options.file;
    this.#ranges = options.ranges;
    this.#window = options.window;
    this.#memory = options.memory;
    this.done = this.#done.promise;
  }

  credit(bytes: number): void {
    this.#window = Math.min(this.#window + bytes, MAX_WINDOW);
  }

  isReady(): boolean {
    return this.#window > 0;
  }

  /** The next part to read, never across a gap. Only when it is ready. */
  takePart(): Part {
    const range = this.#ranges[this.#range] ?? { at: 0, length: 0 };
    this.#reading += 1;
    const at = range.at + this.#taken;
    const length = Math.min(PART, this.#window, range.length - this.#taken);
    this.#window -= length;
    this.#taken += length;
    if (this.#taken === range.length) {
      this.#range += 1;
      this.#taken = 0;
    }
    return { at, length, isLast: this.#range >= this.#ranges.length };
  }

  /** The part as a frame, and the last frame of the stream behind it when this was the last part. Never rejects. */
  async read({ at, length, isLast }: Part): Promise<BulkFrame[]> {
    try {
      if (this.#isOver) return [];
      const body = this.#memory.takePart(length);
      const frames: BulkFrame[] = [
        { ...this.#frame(Answer.part, null, body), done: () => this.#memory.giveBack(body) },
      ];
      const count = await this.#file.readInto(at, body);
      if (count < length || (isLast && !(await this.#file.isUnchanged())))
        return this.#refused('changed', 'it was changed while it was read');
      if (isLast) frames.push(this.#frame(Answer.end, null, null));
      return this.#isOver ? [] : frames;
    } catch (error) {
      return this.#isOver ? [] : this.#refused('failed', codeOf(error) ?? messageOf(error));
    } finally {
      this.#reading -= 1;
      this.#settle();
    }
  }

  /** Nothing more of it is wanted. */
  end(): void {
    this.#isOver = true;
    this.#settle();
  }

  #settle(): void {
    if (this.#isOver && this.#reading === 0) this.#done.resolve();
  }

  #refused(code: Refused['code'], message: string): BulkFrame[] {
    return [this.#frame(Answer.refused, { code, message }, null)];
  }

  #frame(type: number, header: unknown, body: Uint8Array | null): BulkFrame {
    return { stream: this.stream, type, header, body };
  }
}

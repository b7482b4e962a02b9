/** A file in `.csyncd/tmp` that is being received. Writes go to the disk worker in order and are not waited for one by one. */
import type { Sha256 } from '../../core/types.ts';
import type { DiskFile } from '../../disk/disk-file.ts';
import type { ContentDisk } from './content-disk.ts';

export class Temporary {
  readonly #disk: ContentDisk;
  readonly #name: string;
  readonly #file: DiskFile;
  readonly #writes = new Set<Promise<void>>();
  #error: { readonly cause: unknown } | null = null;
  #size: number;

  private constructor(disk: ContentDisk, name: string, file: DiskFile, size: number) {
    this.#disk = disk;
    this.#name = name;
    this.#file = file;
    this.#size = size;
  }

  /** What is there from an earlier try is kept, up to `limit` bytes. Rejects as the disk does. */
  static async open(disk: ContentDisk, name: string, limit: number, signal: AbortSignal): Promise<Temporary> {
    const file = await disk.openTemp(name);
    try {
      return new Temporary(disk, name, file, await file.resumeDownload(limit, signal));
    } catch (error) {
      await file.close().catch(() => undefined);
      throw error;
    }
  }

  /** bytes, those included that are being written */
  get size(): number {
    return this.#size;
  }

  /** Throws what an earlier write failed with. The bytes are given away; `written` is called when they are in the file. */
  append(bytes: Uint8Array, written: () => void): void {
    if (this.#error !== null) throw this.#error.cause;
    this.#size += bytes.length;
    const write = this.#file.append(bytes).then(written, (cause: unknown) => {
      this.#error ??= { cause };
    });
    this.#writes.add(write);
    void write.then(() => this.#writes.delete(write));
  }

  /** Appends a part of another file; false when that has become shorter, and this is of no use any more. */
  async appendFrom(base: DiskFile, from: number, length: number, signal: AbortSignal): Promise<boolean> {
    await this.flushed();
    this.#size += length;
    return this.#file.appendFrom(base, from, length, signal);
  }

  /** Rejects when a write failed. */
  async flushed(): Promise<void> {
    await Promise.all(this.#writes);
    if (this.#error !== null) throw this.#error.cause;
  }

  /** Of the whole file. Nothing can be appended afterwards. */
  async sha256(): Promise<Sha256> {
    await this.flushed();
    return this.#file.finishDownload();
  }

  /** What is in it stays, for the next try. */
  async close(): Promise<void> {
    if (this.#size === 0) return this.remove();
    await this.#closeFile();
  }

  /** Never rejects: what a failing disk does not let go is found by the next download of this name. */
  async remove(): Promise<void> {
    await this.#closeFile();
    await this.#disk.removeTemp(this.#name).catch(() => undefined);
  }

  async #closeFile(): Promise<void> {
    await Promise.all(this.#writes);
    await this.#file.close().catch(() => undefined);
  }
}

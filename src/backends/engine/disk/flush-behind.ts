/**
 * Brings a large file to the disk while it is being received. When it is complete little is left to flush, and at no time
 * so much that others' small files, whose flush waits for what the file system has begun, wait for long. In libuv's thread
 * pool, so that the worker goes on.
 */
import { fdatasync } from 'node:fs';
import { promisify } from 'node:util';
import type { Fd } from '../../../sys/sys.ts';
import { spent } from '../../../util/timings.ts';

/** Bytes after which a flush is begun, and after which a writer waits for it. */
const BEGIN = 16 * 1024 * 1024;
const WAIT = 4 * BEGIN;

const flush = promisify(fdatasync);

export class FlushBehind {
  readonly #fd: Fd;
  /** since the last flush was begun */
  #written = 0;
  #running: Promise<void> = Promise.resolve();
  #isRunning = false;
  #error: { readonly cause: unknown } | null = null;

  constructor(fd: Fd) {
    this.#fd = fd;
  }

  /** After each write. null: go on; a promise, which never rejects: wait. Throws what a flush failed with. */
  wrote(bytes: number): Promise<void> | null {
    this.#written += bytes;
    this.#check();
    if (this.#written >= BEGIN && !this.#isRunning) this.#begin();
    return this.#written < WAIT ? null : this.#running;
  }

  /** Resolves when everything that was written is on the disk. */
  async finish(): Promise<void> {
    await this.#running;
    if (this.#written > 0) this.#begin();
    await this.#running;
    this.#check();
  }

  /** Resolves when the descriptor may be closed. Never rejects. */
  idle(): Promise<void> {
    return this.#running;
  }

  #begin(): void {
    const started = performance.now();
    this.#written = 0;
    this.#isRunning = true;
    // A failing disk is reported once: what is not remembered here nobody would hear of.
    this.#running = flush(this.#fd)
      .catch((cause: unknown) => {
        this.#error ??= { cause };
      })
      .finally(() => {
        this.#isRunning = false;
        spent('flush', performance.now() - started);
      });
  }

  #check(): void {
    if (this.#error !== null) throw this.#error.cause;
  }
}

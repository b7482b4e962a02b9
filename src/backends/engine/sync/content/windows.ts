/** How many bytes may be on their way to this node: shared by all streams, but each gets enough to go on. */
import { MAX_WINDOW } from './frames.ts';

const KiB = 1024;
const TOTAL = 32 * 1024 * KiB;
const LEAST = 512 * KiB;

export class Windows {
  #streams = 0;

  open(): void {
    this.#streams += 1;
  }

  close(): void {
    this.#streams -= 1;
  }

  /** Of one stream, at this moment. */
  get size(): number {
    return Math.min(MAX_WINDOW, Math.max(LEAST, Math.floor(TOTAL / Math.max(1, this.#streams))));
  }
}

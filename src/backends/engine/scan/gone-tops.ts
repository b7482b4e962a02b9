import type { RelPath } from '../core/types.ts';
import { parentOf } from './paths.ts';

/** The top of something that is believed and was not found; `below` = all but the path itself, which is something else. */
export interface GoneTop {
  readonly path: RelPath;
  readonly below: boolean;
}

/** What was not found, each once: the many events of one deleted tree all lead to its top. */
export class GoneTops implements Iterable<GoneTop> {
  readonly #tops = new Map<RelPath, GoneTop>();

  get size(): number {
    return this.#tops.size;
  }

  add(path: RelPath, below: boolean): void {
    this.#tops.set(path, { path, below });
  }

  /** Whether a path is, or is below, one of them. */
  covers(path: RelPath): boolean {
    if (this.#tops.size === 0) return false;
    for (let at = path; at !== ''; at = parentOf(at)) if (this.#tops.has(at)) return true;
    return false;
  }

  [Symbol.iterator](): Iterator<GoneTop> {
    return this.#tops.values();
  }
}

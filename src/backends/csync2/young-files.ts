/**
 * csync2 compares size and whole seconds of mtime: of two edits within a second that leave the same size it sees the
 * first one only. Remembered is which file it was (inode, mtime in ns) that was looked at while it was that young; a
 * later look that finds the same text and yet another file tells that there was such an edit.
 */
import type { Stat } from '../../sys/sys.ts';

const SECOND = 1_000_000_000n;
const YOUNG = 2n * SECOND;
const MOST = 50_000;

type Known = Pick<Stat, 'mtimeNs' | 'ino'>;

/** A file that csync2's check cannot tell from the one that it knows. */
export interface UnseenEdit extends Known {
  readonly path: string;
}

export class YoungFiles {
  readonly #known = new Map<string, Known>();
  readonly #now: () => bigint;

  /** @param now wall clock, ns since 1970 */
  constructor(now: () => bigint) {
    this.#now = now;
  }

  /**
   * A regular file is about to be checked, or need not be, for its text is the recorded one (`isSame`). Tells the edit
   * that csync2 does not see; it is told again until `marked`. What csync2 itself has put there is none: it sets whole
   * seconds.
   */
  take(path: string, stat: Stat, isSame: boolean): UnseenEdit | null {
    const known = this.#known.get(path);
    const { mtimeNs, ino } = stat;
    const isOther = known !== undefined && (known.mtimeNs !== mtimeNs || known.ino !== ino);
    if (isSame && isOther && mtimeNs % SECOND !== 0n) return { path, mtimeNs, ino };
    this.#note(path, { mtimeNs, ino });
    return null;
  }

  /** csync2 was told of these, by `-m`. */
  marked(edits: readonly UnseenEdit[]): void {
    for (const { path, mtimeNs, ino } of edits) this.#note(path, { mtimeNs, ino });
  }

  #note(path: string, known: Known): void {
    // As the last one: those that were noted longest ago are forgotten first.
    this.#known.delete(path);
    const age = this.#now() - known.mtimeNs;
    if (age >= YOUNG || age <= -YOUNG) return;
    this.#known.set(path, known);
    if (this.#known.size <= MOST) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}

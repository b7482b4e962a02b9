/**
 * An update run reads what it owes a peer when it begins, and strikes each name off when it has sent it. A name that was
 * marked again meanwhile, because it changed once more, is struck off as well. That can happen only when the run has given
 * its turn away; then what was marked since it began is marked anew.
 */
const MOST = 100_000;
/** Longer than any run that makes no progress lasts, ms. */
const KEPT_MS = 3_600_000;

export class LostMarks {
  /** when csync2 was last told of a name, ms since 1970, in the order of time */
  readonly #marked = new Map<string, number>();

  marked(names: readonly string[], now: number): void {
    for (const name of names) {
      this.#marked.delete(name);
      this.#marked.set(name, now);
    }
    for (const [name, time] of this.#marked) {
      if (this.#marked.size <= MOST && now - time < KEPT_MS) break;
      this.#marked.delete(name);
    }
  }

  since(time: number): string[] {
    return [...this.#marked].flatMap(([name, at]) => (at >= time ? [name] : []));
  }
}

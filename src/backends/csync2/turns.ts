/**
 * One csync2 run at a time on a database: two fight for its lock, and each takes longer than both in a row. Runs go first
 * come, first served, but checks before updates, because a check is short and an update may take minutes. A run that waits
 * for a peer gives its turn away, and the next starts beside it.
 */
type Kind = 'check' | 'update';

/** Checks in a row after which an update that waits has its turn: a mapping that never rests must not starve the peers. */
const CHECKS_IN_A_ROW = 8;

/** The turns at one database file; whoever runs csync2 on it shares this object. */
export class Turns {
  readonly #waiting: { readonly kind: Kind; readonly start: () => void }[] = [];
  #isTaken = false;
  #checksInARow = 0;

  /**
   * Does `work` when its turn has come. The turn ends with it, or when it calls `giveWay`, after which it goes on beside
   * others. Rejects with the signal's reason when that is aborted before the turn has come.
   */
  async run<T>(kind: Kind, work: (giveWay: () => void) => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#turn(kind, signal);
    let isMine = true;
    const giveWay = (): void => {
      if (isMine) this.#next();
      isMine = false;
    };
    try {
      return await work(giveWay);
    } finally {
      giveWay();
    }
  }

  async #turn(kind: Kind, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (!this.#isTaken) {
      this.#isTaken = true;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1);
        reject(signal?.reason as Error);
      };
      const entry = {
        kind,
        start: () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
      };
      this.#waiting.push(entry);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  #next(): void {
    const first = (kind: Kind) => this.#waiting.findIndex((entry) => entry.kind === kind);
    const check = first('check');
    const update = first('update');
    const isCheck = check !== -1 && (update === -1 || this.#checksInARow < CHECKS_IN_A_ROW);
    this.#checksInARow = isCheck && update !== -1 ? this.#checksInARow + 1 : 0;
    const at = isCheck ? check : update;
    const [entry] = at === -1 ? [] : this.#waiting.splice(at, 1);
    if (entry === undefined) this.#isTaken = false;
    else entry.start();
  }
}

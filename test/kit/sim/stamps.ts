/** Where a disk's time stamps come from: the machine's clock, in ticks of a chosen size. */

/** What of an inode its next stamp depends on. */
interface Stamped {
  readonly ctimeNs: bigint;
  /** how often the clock had been set back when it was last written */
  setBacks: number;
}

export class Stamps {
  /** how often the clock was set back */
  setBacks = 0;
  private readonly clock: () => number;
  private readonly tickNs: bigint;
  private lastMs = Number.NaN;
  private lastNs = 0n;
  private aheadNs = 0n;

  /** `clock` in ms since 1970; `tickNs` 0: every change has its own stamp. */
  constructor(clock: () => number, tickNs: bigint) {
    this.clock = clock;
    this.tickNs = tickNs;
  }

  /** Each call takes a microsecond, so that without a granularity no two are equal. */
  next(): bigint {
    const ns = this.exact();
    return this.tickNs > 1n ? ns - (ns % this.tickNs) : ns;
  }

  /** The clock that the stamps come from, exactly. */
  exact(): bigint {
    const ms = this.clock();
    if (ms === this.lastMs) this.lastNs += 1000n;
    else {
      if (ms < this.lastMs) this.setBacks++;
      this.lastMs = ms;
      this.lastNs = BigInt(Math.floor(ms)) * 1_000_000n + this.aheadNs;
    }
    return this.lastNs;
  }

  /**
   * For a change of content. A clock that was set back can come to the very tick of a file's last change again: a write
   * then leaves an equal stat long after the file was looked at, which nothing that works by stat can see. That is not
   * simulated: the clock was set back a tick less.
   */
  ofWrite(inode: Stamped): bigint {
    const stamp = this.next();
    const isAgain = stamp === inode.ctimeNs && inode.setBacks !== this.setBacks;
    inode.setBacks = this.setBacks;
    if (!isAgain) return stamp;
    this.aheadNs += this.tickNs;
    this.lastNs += this.tickNs;
    return this.next();
  }
}

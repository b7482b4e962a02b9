import type { Seq } from '../store/store.ts';

const KEPT = 4096;
/** ms between samples */
const STEP = 20;

/** When which sequence was reached: turns "not acknowledged after N" into an age, and "recent" into a sequence. */
export class SeqTimes {
  #samples: { seq: Seq; time: number }[] = [];
  readonly #start: Seq;

  /** `start`: the last sequence of earlier runs, whose times are not known. */
  constructor(start: Seq) {
    this.#start = start;
  }

  /** Notes that `seq` was the last one at `time` (ms). Samples are thinned out when there are many. */
  note(seq: Seq, time: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && time - last.time < STEP) {
      last.seq = Math.max(last.seq, seq);
      return;
    }
    if (seq <= (last?.seq ?? this.#start)) return;
    this.#samples.push({ seq, time });
    if (this.#samples.length > KEPT)
      this.#samples = this.#samples.filter((_, index) => index % 2 === 1 || index > KEPT / 2);
  }

  /** The last sequence that was there at `time`. */
  seqAt(time: number): Seq {
    return this.#samples.findLast((sample) => sample.time <= time)?.seq ?? this.#start;
  }

  /** When the first sequence after `seq` was taken; null when that was before this start. */
  timeAfter(seq: Seq): number | null {
    return seq < this.#start ? null : (this.#samples.find((sample) => sample.seq > seq)?.time ?? null);
  }
}

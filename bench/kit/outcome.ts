/** What a workload found out. */

/** One measured quantity of one contestant, a value a round. */
export interface Figure {
  readonly contestant: string;
  readonly what: string;
  readonly values: readonly number[];
}

export interface Floor {
  readonly text: string;
  /** null when it was not measured in this run */
  readonly value: number | null;
  readonly met: boolean;
}

export interface Outcome {
  readonly workload: string;
  readonly title: string;
  readonly figures: readonly Figure[];
  /** quantities in the order in which they are shown, computed within each round */
  readonly ratios: readonly Figure[];
  readonly floors: readonly Floor[];
  /** what the figures are made of, a line each */
  readonly parts: readonly string[];
  /** where content was wrong afterwards, a line each */
  readonly wrong: readonly string[];
}

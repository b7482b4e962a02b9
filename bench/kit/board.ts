/** Gathers a workload's figures round by round. */
import { median, medianRatio, shown } from './figures.ts';
import type { Figure, Floor, Outcome } from './outcome.ts';
import { sumPhases } from './phases.ts';
import type { Phases } from './phases.ts';

export class Board {
  readonly #workload: string;
  readonly #title: string;
  readonly #values = new Map<string, number[]>();
  readonly #order: { contestant: string; what: string }[] = [];
  readonly #ratios: Figure[] = [];
  readonly #floors: Floor[] = [];
  readonly #phases = new Map<string, Phases[]>();
  readonly #parts: string[] = [];
  readonly #wrong: string[] = [];

  constructor(workload: string, title: string) {
    this.#workload = workload;
    this.#title = title;
  }

  add(contestant: string, what: string, value: number): void {
    const key = `${contestant}\n${what}`;
    const known = this.#values.get(key);
    if (known !== undefined) return void known.push(value);
    this.#values.set(key, [value]);
    this.#order.push({ contestant, what });
  }

  phases(contestant: string, phases: Phases): void {
    this.#phases.set(contestant, [...(this.#phases.get(contestant) ?? []), phases]);
  }

  part(line: string): void {
    this.#parts.push(line);
  }

  wrong(contestant: string, differences: readonly string[]): void {
    for (const line of differences) this.#wrong.push(`${contestant}: ${line}`);
  }

  values(contestant: string, what: string): readonly number[] {
    return this.#values.get(`${contestant}\n${what}`) ?? [];
  }

  /** The median; null when it was not measured. */
  median(contestant: string, what: string): number | null {
    const values = this.values(contestant, what);
    return values.length === 0 ? null : median(values);
  }

  /** How many times another's quantity this contestant's is, as a column; null when one of them was not measured. */
  ratio(contestant: string, what: string, other: string): number | null {
    const [over, under] = [this.values(contestant, what), this.values(other, what)];
    if (over.length === 0 || under.length === 0) return null;
    const value = medianRatio(over, under);
    this.#ratios.push({ contestant, what: `${what}: of ${other}`, values: [value] });
    return Number.isNaN(value) ? null : value;
  }

  atLeast(text: string, value: number | null, floor: number): void {
    this.#floors.push({
      text: `${text}: at least ${shown(floor)}`,
      value,
      met: value !== null && value >= floor,
    });
  }

  atMost(text: string, value: number | null, floor: number): void {
    this.#floors.push({
      text: `${text}: at most ${shown(floor)}`,
      value,
      met: value !== null && value <= floor,
    });
  }

  outcome(): Outcome {
    return {
      workload: this.#workload,
      title: this.#title,
      figures: this.#order.map(({ contestant, what }) => ({
        contestant,
        what,
        values: this.values(contestant, what),
      })),
      ratios: this.#ratios,
      floors: this.#floors,
      parts: [...[...this.#phases].flatMap(([name, rounds]) => partsOf(name, rounds)), ...this.#parts],
      wrong: this.#wrong,
    };
  }
}

function partsOf(contestant: string, rounds: readonly Phases[]): string[] {
  return [...sumPhases(rounds)].map(([node, phases]) => {
    const seconds = [...phases].map(([phase, ms]) => `${phase} ${shown(ms / rounds.length / 1000)}`);
    return `${contestant}, ${node}, seconds a round: ${seconds.length === 0 ? 'nothing told' : seconds.join(', ')}`;
  });
}

/**
 * Where this process spent its time, by phase of a change's way: totals since its start, for the metrics. One set a
 * process, as for CPU time, so that no part has to be handed it.
 */
export type Phase = 'scan' | 'hash' | 'decide' | 'commit' | 'send' | 'receive' | 'stage' | 'flush' | 'place';

export interface Timing {
  readonly phase: Phase;
  readonly ms: number;
  /** times that the phase was run */
  readonly runs: number;
}

const totals = new Map<Phase, { phase: Phase; ms: number; runs: number }>();

/** Adds ms to a phase's total. */
export function spent(phase: Phase, ms: number): void {
  const total = totals.get(phase) ?? { phase, ms: 0, runs: 0 };
  total.ms += ms;
  total.runs += 1;
  totals.set(phase, total);
}

/** Does synchronous work and adds its time to a phase's total. */
export function timed<T>(phase: Phase, work: () => T): T {
  const start = performance.now();
  try {
    return work();
  } finally {
    spent(phase, performance.now() - start);
  }
}

export function timings(): readonly Timing[] {
  return [...totals.values()];
}

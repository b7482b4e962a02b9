/**
 * Where this process spent its time, by phase of a change's way: totals since its start, for the metrics. One set a
 * thread, as for CPU time, so that no part has to be handed it; workers hand theirs to the control loop.
 */
export type Phase =
  | 'scan'
  | 'hash'
  | 'decide'
  | 'commit'
  | 'send'
  | 'receive'
  | 'read'
  | 'write'
  | 'stage'
  | 'flush'
  | 'place';

export interface Timing {
  readonly phase: Phase;
  readonly ms: number;
  /** times that the phase was run */
  readonly runs: number;
}

const totals = new Map<Phase, { phase: Phase; ms: number; runs: number }>();

/** Adds ms to a phase's total. */
export function spent(phase: Phase, ms: number): void {
  addTimings([{ phase, ms, runs: 1 }]);
}

/** Adds what another thread spent. */
export function addTimings(more: readonly Timing[]): void {
  for (const { phase, ms, runs } of more) {
    const total = totals.get(phase) ?? { phase, ms: 0, runs: 0 };
    total.ms += ms;
    total.runs += runs;
    totals.set(phase, total);
  }
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

/** What was spent since the last call: in a thread that hands it on. */
export function takeTimings(): readonly Timing[] {
  const taken = timings();
  totals.clear();
  return taken;
}

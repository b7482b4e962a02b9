/** Where daemons spent their time: the counters of seconds by phase, and on the processor, at their metrics address. */

/** node → phase → ms */
export type Phases = ReadonlyMap<string, ReadonlyMap<string, number>>;

const LINE = /^csyncd_phase_seconds_total\{phase="(\w+)"[^}]*\} (\S+)$/gm;
const CPU = /^csyncd_process_cpu_seconds_total(?:\{[^}]*\})? (\S+)$/m;

/** Phase → ms, from the text of a scrape. */
export function parsePhases(metrics: string): Map<string, number> {
  const phases = new Map(
    [...metrics.matchAll(LINE)].map(([, phase = '', seconds]) => [phase, Number(seconds) * 1000]),
  );
  const cpu = CPU.exec(metrics)?.[1];
  return cpu === undefined ? phases : phases.set('cpu', Number(cpu) * 1000);
}

/** What was spent between two scrapes of the same nodes. */
export function spentBetween(before: Phases, after: Phases): Phases {
  return new Map(
    [...after].map(([node, phases]) => [
      node,
      new Map(
        [...phases]
          .map(([phase, ms]) => [phase, ms - (before.get(node)?.get(phase) ?? 0)] as const)
          .filter(([, ms]) => ms > 0),
      ),
    ]),
  );
}

export function sumPhases(rounds: readonly Phases[]): Phases {
  const sum = new Map<string, Map<string, number>>();
  for (const round of rounds) {
    for (const [node, phases] of round) {
      const known = sum.get(node) ?? new Map<string, number>();
      for (const [phase, ms] of phases) known.set(phase, (known.get(phase) ?? 0) + ms);
      sum.set(node, known);
    }
  }
  return sum;
}

/** Numbers: medians, and how they are shown. */

/** NaN when there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** The middle value; the mean of the two middle ones of an even number. NaN stands for a round without a figure. */
export function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2;
}

/** The median of the ratios of values that were measured in the same round. */
export function medianRatio(over: readonly number[], under: readonly number[]): number {
  const rounds = Math.min(over.length, under.length);
  return median(Array.from({ length: rounds }, (_, i) => (over[i] ?? Number.NaN) / (under[i] ?? Number.NaN)));
}

/** Three digits that count: 0.0123, 1.23, 123, 12,345; ∞ for what never was. */
export function shown(value: number): string {
  if (Number.isNaN(value)) return '-';
  if (value === 0) return '0';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}

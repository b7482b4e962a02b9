/** Durations as the config file and the command line write them: `250ms`, `10s`, `5m`, `1h`, `30d`. */

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

const FORM = /^(\d{1,15})(ms|s|m|h|d)$/;

/** As a regular expression for the published JSON Schema. */
export const DURATION_PATTERN = '^(0|\\d{1,15}(ms|s|m|h|d))$';

/** Milliseconds; `0` needs no unit. null when the text is not a duration. */
export function parseDuration(text: string): number | null {
  if (text === '0') return 0;
  const match = FORM.exec(text);
  if (match === null) return null;
  const unit = UNITS.find(([name]) => name === match[2]);
  const ms = Number(match[1]) * (unit?.[1] ?? Number.NaN);
  return Number.isSafeInteger(ms) ? ms : null;
}

/** The shortest form that `parseDuration` reads back as the same number of milliseconds. */
export function printDuration(ms: number): string {
  if (ms === 0) return '0s';
  const [name, size] = UNITS.find(([, size]) => ms % size === 0) ?? ['ms', 1];
  return `${ms / size}${name}`;
}

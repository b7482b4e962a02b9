/** Plain text for people: aligned columns, sizes, ages. */

/** Columns as wide as their widest cell, two blanks between, no blank at a line's end; `indent` blanks in front. */
export function table(rows: readonly (readonly string[])[], indent = 0): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
  return rows.map((row) => `${`${' '.repeat(indent)}${line(row)}`.trimEnd()}\n`).join('');
}

/** 1.2 MiB */
export function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** How long: 850 ms, 12 s, 5 min, 3 h, 2 d. */
export function spanText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}

/** `5 min ago`, or `never`. */
export function agoText(iso: string | null, now: number = Date.now()): string {
  return iso === null ? 'never' : `${spanText(Math.max(0, now - Date.parse(iso)))} ago`;
}

/** Local time to the second. */
export function timeText(iso: string): string {
  const at = new Date(iso);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** Lines of a list that nobody asked for as such. */
const LISTED = 20;

/** The first twenty lines, and how many more there are. `total` = of the whole list, when `lines` is only its beginning. */
export function firstOf(lines: readonly string[], total = lines.length): string[] {
  const shown = lines.slice(0, LISTED);
  return total > shown.length ? [...shown, `… and ${countText(total - shown.length)} more`] : shown;
}

/** 12,345 */
export function countText(count: number): string {
  return count.toLocaleString('en-US');
}

/** An outcome as Markdown, which a terminal shows as well. */
import { median, shown } from './figures.ts';
import type { Outcome } from './outcome.ts';

export function printOutcome(outcome: Outcome): string {
  const rows = [...outcome.figures, ...outcome.ratios];
  const columns = [...new Set(rows.map(({ what }) => what))];
  const contestants = [...new Set(rows.map(({ contestant }) => contestant))];
  const table = contestants.map((name) => [
    name,
    ...columns.map((column) => {
      const row = rows.find(({ contestant, what }) => contestant === name && what === column);
      return row === undefined ? '' : shown(median(row.values));
    }),
  ]);
  const lines = [
    `## ${outcome.workload}: ${outcome.title}`,
    '',
    ...markdown([['', ...columns], ...table]),
    '',
    ...outcome.floors.map(({ text, value, met }) => {
      const verdict = value === null ? 'not measured' : met ? 'met' : '**missed**';
      return `- ${text}: ${verdict}${value === null ? '' : `, ${shown(value)}`}`;
    }),
    ...outcome.parts.map((line) => `- ${line}`),
    ...outcome.wrong.map((line) => `- **WRONG CONTENT** ${line}`),
  ];
  return `${lines.join('\n')}\n`;
}

function markdown([head = [], ...rows]: readonly (readonly string[])[]): string[] {
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(head), rule, ...rows.map(line)];
}

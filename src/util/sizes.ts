/** Sizes as the config file and the command line write them: `64KiB`, `1GiB`; a plain number is bytes. */

const UNITS = [
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
  ['B', 1],
] as const;

const FORM = /^(\d{1,16})(B|KiB|MiB|GiB|TiB)?$/;

/** As a regular expression for the published JSON Schema. */
export const SIZE_PATTERN = '^\\d{1,16}(B|KiB|MiB|GiB|TiB)?$';

/** Bytes; null when the text is not a size. */
export function parseSize(text: string): number | null {
  const match = FORM.exec(text);
  if (match === null) return null;
  const unit = UNITS.find(([name]) => name === (match[2] ?? 'B'));
  const bytes = Number(match[1]) * (unit?.[1] ?? Number.NaN);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** The shortest form that `parseSize` reads back as the same number of bytes. */
export function printSize(bytes: number): string {
  if (bytes === 0) return '0';
  const [name, size] = UNITS.find(([, size]) => bytes % size === 0) ?? ['B', 1];
  return `${bytes / size}${name}`;
}

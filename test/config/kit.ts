/** Config files for tests: written to a folder of their own, loaded as the machine `web1`, faults as an operator reads them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderFault } from '../../src/config/fault.ts';
import { loadConfig, type LoadOptions, type LoadResult } from '../../src/config/load.ts';
import type { Config } from '../../src/config/model.ts';

/** The main file, or several: `main` and fragments by name. */
export type Written = string | ({ readonly main: string } & Readonly<Record<string, string>>);

const GROUP = `
groups:
  web:
    key_file: /k
    hosts: [web1, web2]
`;

/** A file with one group, `web` on web1 and web2, and more lines in it. */
export function inGroup(lines: string): string {
  return GROUP + unindented(lines);
}

/** The same with one mapping, `m` at /srv/m, and more lines in it. */
export function inMapping(lines: string): string {
  return `${GROUP}    mappings:\n      m:\n        path: /srv/m\n${unindented(lines)}`;
}

/** Texts in tests begin on a line of their own. */
function unindented(text: string): string {
  return text.startsWith('\n') ? text.slice(1) : text;
}

/** Loads in a temporary folder; `inFolder` sees the result while the folder is there. */
export function load<T>(
  written: Written,
  options: LoadOptions,
  inFolder: (result: LoadResult, folder: string) => T,
): T {
  const folder = mkdtempSync(join(tmpdir(), 'csyncd-config-'));
  try {
    const { main, ...fragments } = typeof written === 'string' ? { main: written } : written;
    writeFileSync(join(folder, 'csyncd.yaml'), unindented(main));
    mkdirSync(join(folder, 'conf.d'));
    for (const [name, text] of Object.entries(fragments))
      writeFileSync(join(folder, 'conf.d', name), unindented(text));
    return inFolder(loadConfig(join(folder, 'csyncd.yaml'), { host: 'web1', ...options }), folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What is printed for a refused config, or its warnings after `ok`; one line a fault, hints indented. */
export function verdict(written: Written, options: LoadOptions = {}): string[] {
  return load(written, options, (result, folder) => {
    const found = result.ok ? result.warnings : result.faults;
    const lines = found.flatMap((fault) => renderFault(fault).split('\n'));
    return [...(result.ok ? ['ok'] : []), ...lines].map((line) => line.replaceAll(`${folder}/`, ''));
  });
}

/** The config of a file that must be good. */
export function good(written: Written, options: LoadOptions = {}): Config {
  return load(written, options, (result) => {
    if (result.ok) return result.config;
    throw new Error(result.faults.map(renderFault).join('\n'));
  });
}

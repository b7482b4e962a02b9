/** The command line of `npm run bench`. */
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';

export const USAGE = `npm run bench -- [WORKLOAD…] [options]
  --runs N        rounds of each workload; figures are medians; default 5
  --only NAMES    of csyncd, csyncd-csync2, csync2, lsyncd, rsync, separated by commas; ratios need the others
  --scale F       a part of all counts and sizes, to try the bench itself; default 1
  --dir DIR       where the trees are; default: the system's temporary folder
  --profile DIR   daemons run under --cpu-prof; DIR gets a folder a workload with the profiles, and what took most is printed
  --json FILE     all values of all rounds, as JSON
  --list          the workloads`;

export const KINDS = ['csyncd', 'csyncd-csync2', 'csync2', 'lsyncd', 'rsync'] as const;
export type Kind = (typeof KINDS)[number];

export interface Options {
  /** empty: all */
  readonly workloads: readonly string[];
  readonly runs: number;
  readonly only: readonly string[];
  readonly scale: number;
  readonly dir: string;
  readonly profile: string | null;
  readonly json: string | null;
  readonly list: boolean;
}

/** Throws an error with a message to read. */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      runs: { type: 'string', default: '5' },
      only: { type: 'string', default: KINDS.join(',') },
      scale: { type: 'string', default: '1' },
      dir: { type: 'string', default: tmpdir() },
      profile: { type: 'string' },
      json: { type: 'string' },
      list: { type: 'boolean', default: false },
    },
  });
  return {
    workloads: positionals,
    runs: Math.ceil(positive('--runs', values.runs)),
    only: values.only.split(','),
    scale: positive('--scale', values.scale),
    dir: values.dir,
    profile: values.profile ?? null,
    json: values.json ?? null,
    list: values.list,
  };
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new Error(`${option} takes a number above 0, not ${text}`);
}

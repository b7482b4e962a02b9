/** How often csync2 is started: by a script in its place that writes a line and becomes the real one. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { must } from '../../test/kit/cluster/command.ts';

export interface Runs {
  /** starts other than of listeners */
  readonly all: number;
  /** of these, the ones that look at the whole tree */
  readonly full: number;
}

/** Enough to know what a run is for; there may be thousands of paths. */
const ARGUMENTS_KEPT = 12;
const WITH_VALUE = /^-\w*[CDGKNPWp]$/;

/** csync2 at one host, counted. */
export class CountedCsync2 {
  /** to be first in PATH */
  readonly dir: string;
  readonly program: string;
  readonly #log: string;

  constructor(dir: string) {
    this.dir = dir;
    this.program = join(dir, 'csync2');
    this.#log = join(dir, 'runs');
    const real = must('sh', ['-c', 'command -v csync2']).trim();
    const kept = Array.from({ length: ARGUMENTS_KEPT }, (_, i) => `"\${${i + 1}}"`).join(' ');
    fs.writeFileSync(this.#log, '');
    fs.writeFileSync(
      this.program,
      `#!/bin/sh\nprintf '%s\\t' ${kept} >>'${this.#log}'\necho >>'${this.#log}'\nexec '${real}' "$@"\n`,
      { mode: 0o755 },
    );
  }

  /** Grows with every start. */
  logBytes(): number {
    return fs.statSync(this.#log).size;
  }

  /** @param whole what names the whole tree on a command line */
  runs(whole: readonly string[]): Runs {
    return countRuns(fs.readFileSync(this.#log, 'latin1'), whole);
  }
}

/** In what the counted csync2 wrote. */
export function countRuns(log: string, whole: readonly string[]): Runs {
  const runs = log
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t').filter((argument) => argument !== ''))
    .filter((args) => !flagsOf(args).includes('ii'));
  return { all: runs.length, full: runs.filter((args) => isFull(args, whole)).length };
}

function isFull(args: readonly string[], whole: readonly string[]): boolean {
  const flags = flagsOf(args);
  if (flags.includes('x')) return true;
  if (!flags.includes('c')) return false;
  const paths = args.filter((arg, i) => !arg.startsWith('-') && !WITH_VALUE.test(args[i - 1] ?? ''));
  return paths.length === 0 || paths.some((path) => whole.includes(path));
}

function flagsOf(args: readonly string[]): string {
  return args.filter((arg, i) => /^-\w/.test(arg) && !WITH_VALUE.test(args[i - 1] ?? '')).join('');
}

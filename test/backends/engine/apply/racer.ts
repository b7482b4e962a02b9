/**
 * Other programs at work in a mapping, as a process of their own: `node racer.ts MODE FILE STOP`. Runs until STOP exists
 * and then prints what it did as JSON.
 */
import {
  closeSync,
  existsSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';

export interface Raced {
  readonly rounds: number;
  readonly problems: readonly string[];
}

/** What is appended may be seen in part: that is between the writer and the reader. */
const HEADER = /^v\d+ x{2000}\n/;
const [, , mode = '', file = '', stop = ''] = process.argv;
const problems: string[] = [];
let rounds = 0;

/** Opens the file anew for each line, as a shell does with `>>`. */
function append(): void {
  const fd = openSync(file, 'a');
  writeSync(fd, `line ${rounds}\n`);
  closeSync(fd);
}

/** Keeps the file open over a hundred lines, as a logger does. */
let kept: number | null = null;
function log(): void {
  if (kept !== null && rounds % 100 === 0) {
    closeSync(kept);
    kept = null;
  }
  kept ??= openSync(file, 'a');
  writeSync(kept, `line ${rounds}\n`);
}

function read(): void {
  try {
    const text = readFileSync(file, 'latin1');
    if (!HEADER.test(text)) problems.push(`partial: ${text.slice(0, 20)}… of ${text.length}`);
  } catch (error) {
    problems.push(String(error));
  }
}

/** Puts its own file in place, and the next one when that was replaced by somebody. */
function replace(): void {
  const own = `${file}.own`;
  writeFileSync(own, `own ${rounds}\n`);
  const { ino } = lstatSync(own);
  renameSync(own, file);
  while (lstatSync(file).ino === ino && !existsSync(stop));
}

/** Swaps a directory for a symlink that leads outside, and back. What csyncd makes in between is put aside. */
function swap(): void {
  renameSync(file, `${file}.real`);
  insist(() => symlinkSync(`${stop}.outside`, file));
  unlinkSync(file);
  insist(() => renameSync(`${file}.real`, file));
}

/** Counted over all rounds: both steps of one round may find something in their way. */
let putAside = 0;

function insist(act: () => void): void {
  for (let tries = 0; ; tries++) {
    try {
      act();
      return;
    } catch (error) {
      if (tries > 100) throw error;
      renameSync(file, `${file}.made-${putAside++}`);
    }
  }
}

const modes: Record<string, () => void> = { append, log, read, replace, swap };
const act = modes[mode];
if (act === undefined) throw new Error(`unknown mode ${mode}`);
process.stdout.write('ready\n');
for (; !existsSync(stop); rounds++) act();
process.stdout.write(`${JSON.stringify({ rounds, problems: problems.slice(0, 10) } satisfies Raced)}\n`);

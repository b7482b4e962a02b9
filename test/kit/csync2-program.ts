/** The real csync2, run with a config and a database of its own. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A reason to skip a test, or false. */
export const withoutCsync2: string | false =
  spawnSync('csync2').error === undefined ? false : 'csync2 is not installed';

export interface Csync2Run {
  readonly status: number | null;
  /** lines of standard output, as byte strings */
  readonly lines: readonly string[];
  readonly err: string;
}

/** A csync2.cfg (`KEY` in it is a key file) in a folder of its own, which is also the working directory. */
export function withCsync2<T>(
  text: string,
  host: string,
  use: (run: (...args: string[]) => Csync2Run) => T,
  more: Readonly<Record<string, string>> = {},
): T {
  const dir = mkdtempSync(join(tmpdir(), 'csyncd-csync2-'));
  try {
    mkdirSync(join(dir, 'db'));
    writeFileSync(join(dir, 'key'), `${'k'.repeat(64)}\n`);
    writeFileSync(join(dir, 'csync2.cfg'), text.replaceAll('KEY', join(dir, 'key')), 'latin1');
    for (const [name, content] of Object.entries(more)) writeFileSync(join(dir, name), content, 'latin1');
    return use((...args) => {
      const { status, stdout, stderr } = spawnSync('csync2', ['-N', host, '-D', join(dir, 'db'), ...args], {
        cwd: dir,
        env: { ...process.env, CSYNC2_SYSTEM_DIR: dir },
        encoding: 'latin1',
      });
      return { status, lines: stdout.split('\n').filter((line) => line !== ''), err: stderr };
    });
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** What csync2 records as its own below all includes: the names, sorted. */
export function recorded(text: string, host: string): string[] {
  return withCsync2(text, host, (run) => {
    const { status, err } = run('-cIr', '/');
    if (status !== 0) throw new Error(`csync2 -cIr: ${err}\n${text}`);
    return run('-L')
      .lines.map((line) => line.slice(line.indexOf('\t') + 1))
      .toSorted();
  });
}

/** What `csync2 -o -r /` lists: the same with `compare` patterns. */
export function compared(text: string, host: string): string[] {
  return withCsync2(text, host, (run) => {
    const { status, lines, err } = run('-o', '-r', '/');
    if (status !== 0) throw new Error(`csync2 -o: ${err}\n${text}`);
    return lines.toSorted();
  });
}

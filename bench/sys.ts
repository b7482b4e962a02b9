/**
 * How fast the system calls are: `node bench/sys.ts [DIR]` (default: a folder below the system's temporary one). Every
 * figure is the median of five. `find` is the yardstick of listing.
 */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFallback } from '../src/sys/fallback.ts';
import { identityOf } from '../src/sys/identity.ts';
import { openSys } from '../src/sys/open.ts';
import type { Fd, Sys } from '../src/sys/sys.ts';

const RUNS = 5;
const DIRECTORIES = 200;
const FILES = 500;
const SMALL = 2000;
const CONTENT = new Uint8Array(4096).fill(7);

/** Milliseconds, the median run. */
function time(run: () => void): number {
  const times = Array.from({ length: RUNS }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[RUNS >> 1] ?? Number.NaN;
}

function report(what: string, count: number, ms: number): void {
  const rate = (count / ms) * 1000;
  const shown = rate > 10_000 ? `${(rate / 1000).toFixed(0)} k/s` : `${rate.toFixed(0)} /s`;
  console.log(`${what.padEnd(58)}${ms.toFixed(1).padStart(9)} ms${shown.padStart(12)}`);
}

function makeTree(sys: Sys, root: Fd): void {
  for (let d = 0; d < DIRECTORIES; d++) {
    sys.mkdir(root, `dir-${d}`, 0o700);
    const dir = sys.openDir(root, `dir-${d}`);
    for (let f = 0; f < FILES; f++) sys.close(sys.createFile(dir, `file-${f}.txt`));
    sys.close(dir);
  }
}

function eachDirectory(sys: Sys, root: Fd, visit: (dir: Fd) => void): void {
  for (let d = 0; d < DIRECTORIES; d++) {
    const dir = sys.openDir(root, `dir-${d}`);
    visit(dir);
    sys.close(dir);
  }
}

function benchListing(name: string, sys: Sys, tree: string): void {
  const root = sys.openRoot(tree);
  const count = DIRECTORIES * FILES;
  const listStat = time(() => eachDirectory(sys, root, (dir) => void sys.listStat(dir)));
  report(`${name}: listStat`, count, listStat);
  const identities = time(() =>
    eachDirectory(sys, root, (dir) => {
      for (const { stat } of sys.listStat(dir)) identityOf(stat);
    }),
  );
  report(`${name}: listStat and identityOf`, count, identities);
  const single = time(() =>
    eachDirectory(sys, root, (dir) => {
      for (const { name } of sys.list(dir)) sys.lstat(dir, name);
    }),
  );
  report(`${name}: list, then lstat one by one`, count, single);
  sys.close(root);
}

/** What applying a batch does: temporaries, a flush, renames to new names, a flush of the directory. */
function benchWriting(name: string, sys: Sys, folder: string, flush: 'none' | 'syncfs' | 'fsync'): void {
  const root = sys.openRoot(folder);
  const files = flush === 'fsync' ? SMALL / 10 : SMALL;
  let run = 0;
  const ms = time(() => {
    run++;
    for (let i = 0; i < files; i++) {
      const fd = sys.createFile(root, `temp-${i}`);
      sys.write(fd, CONTENT, 0);
      sys.fchmod(fd, 0o644);
      if (flush === 'fsync') sys.fsync(fd);
      sys.close(fd);
    }
    if (flush === 'syncfs') sys.syncfs(root);
    for (let i = 0; i < files; i++) sys.rename(root, `temp-${i}`, root, `${run}-${i}`, 'noreplace');
    if (flush !== 'none') sys.fsync(root);
  });
  report(`${name}: create, write 4 KiB, rename; flush: ${flush}`, files, ms);
  for (const { name } of sys.list(root)) sys.unlink(root, name);
  sys.close(root);
}

const folder = fs.mkdtempSync(join(process.argv[2] ?? tmpdir(), 'csyncd-bench-'));
const native = openSys();
const adapters: readonly (readonly [string, Sys])[] = [
  [native.kind, native],
  ['fallback', openFallback()],
];
try {
  const tree = join(folder, 'tree');
  const small = join(folder, 'small');
  for (const dir of [tree, small]) fs.mkdirSync(dir);
  const root = native.openRoot(tree);
  makeTree(native, root);
  native.close(root);
  const find = time(() =>
    execFileSync('find', [tree, '-printf', '%s'], { stdio: ['ignore', 'ignore', 'inherit'] }),
  );
  report('find -printf %s', DIRECTORIES * FILES, find);
  for (const [name, sys] of adapters) benchListing(name, sys, tree);
  for (const [name, sys] of adapters) {
    for (const flush of ['none', 'syncfs', 'fsync'] as const) benchWriting(name, sys, small, flush);
  }
} finally {
  fs.rmSync(folder, { recursive: true });
}

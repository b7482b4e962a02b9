import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import { watching } from './follower.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'];

/** Random work on a small alphabet of names, so that renames, replacements and deletions meet each other. */
function work(root: string, random: () => number, steps: number): void {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const place = (): string => {
    let path = root;
    for (let depth = 0; depth < 3 && random() < 0.6; depth += 1) {
      const next = `${path}/${pick(NAMES)}`;
      if (!isDir(next)) break;
      path = next;
    }
    return `${path}/${pick(NAMES)}`;
  };
  const acts: readonly (() => void)[] = [
    () => writeFileSync(place(), String(random())),
    () => appendFileSync(place(), 'more'),
    () => mkdirSync(`${place()}/${pick(NAMES)}/${pick(NAMES)}`, { recursive: true }),
    () => renameSync(place(), place()),
    () => renameSync(place(), place()),
    () => rmSync(place(), { recursive: true }),
    () => execFileSync('sh', ['-c', `cp -a ${place()} ${place()} 2>&1`], { stdio: 'ignore' }),
    () =>
      execFileSync(
        'sh',
        ['-c', `mv ${place()} ${root}/t; mv ${place()} ${place()}; mv ${root}/t ${place()}`],
        { stdio: 'ignore' },
      ),
  ];
  for (let step = 0; step < steps; step += 1) {
    try {
      pick(acts)();
    } catch {
      // Not every act is possible everywhere.
    }
    // The tree must not outgrow the test.
    if (step % 50 === 0)
      for (const name of readdirSync(root))
        if (random() < 0.3) rmSync(`${root}/${name}`, { recursive: true, force: true });
  }
}

/** mulberry32 */
function randomness(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function isDir(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

test('random work on few names: after each round the model equals the disk, and no directory is blind', async () => {
  const seed = Number(process.env['CSYNCD_SEED'] ?? Date.now() % 1_000_000);
  const random = randomness(seed);
  try {
    await watching(
      async (follower, root) => {
        for (let round = 0; round < 20; round += 1) {
          work(root, random, 60);
          await follower.converged();
        }
        await follower.sees();
      },
      () => {},
      { sweepMs: 500 },
    );
  } catch (error) {
    throw new Error(`CSYNCD_SEED=${seed}`, { cause: error });
  }
});

/**
 * When a peer holds a change, seen from outside: by looking at its files and at nothing else. What was seen once is not looked
 * at again, so that looking every millisecond costs the contestants nothing.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { directoryName } from './trees.ts';
import type { Shape } from './trees.ts';
import type { Precision } from '../../test/kit/cluster/tree.ts';

/** Whether the directory of a peer holds the change now. */
export type Arrived = (root: string) => boolean;

const NS_PER_SECOND = 1_000_000_000n;
const LONGEST_MS = 1_800_000;
const EVERY_MS = 1;
const ASK_EVERY_MS = 10_000;
const TOLD_AFTER_MS = 60_000;

/** What was waited for will not come. */
export class NeverHeld extends Error {}

/**
 * Seconds from `start` (performance.now) until all these directories hold it.
 *
 * @param trouble asked once in a while: why it will never come, which is then thrown as NeverHeld, or null
 */
export async function secondsUntil(
  start: number,
  roots: readonly string[],
  arrivals: readonly Arrived[],
  trouble: () => Promise<string | null> = async () => null,
): Promise<number> {
  let waiting = roots.map((root, i) => ({ root, arrived: arrivals[i] ?? (() => false) }));
  let nextAsk = start + ASK_EVERY_MS;
  for (;;) {
    waiting = waiting.filter(({ root, arrived }) => !arrived(root));
    const now = performance.now();
    if (waiting.length === 0) return (now - start) / 1000;
    if (now > nextAsk) {
      nextAsk = now + ASK_EVERY_MS;
      if (now - start > TOLD_AFTER_MS)
        console.error(
          `waiting since ${Math.round((now - start) / 1000)} s for ${waiting.map(({ root }) => root).join(', ')}`,
        );
      const reason = now - start > LONGEST_MS ? `not within ${LONGEST_MS / 1000} s` : await trouble();
      if (reason !== null) throw new NeverHeld(`${waiting.map(({ root }) => root).join(', ')}: ${reason}`);
    }
    await pause(EVERY_MS);
  }
}

/** All files of a tree. */
export function wholeTree(path: string, { directories, filesEach }: Shape): Arrived {
  let complete = 0;
  return (root) => {
    while (complete < directories && entries(join(root, path, directoryName(complete))) === filesEach)
      complete++;
    return complete === directories;
  };
}

/** A file with the origin's size and mtime: neither changes before the content is whole. */
export function sameFile(origin: string, path: string, precision: Precision): Arrived {
  const wanted = fs.statSync(join(origin, path), { bigint: true });
  const time = ({ mtimeNs }: fs.BigIntStats): bigint =>
    precision === 'seconds' ? mtimeNs / NS_PER_SECOND : mtimeNs;
  return (root) => {
    const found = fs.statSync(join(root, path), { bigint: true, throwIfNoEntry: false });
    return found !== undefined && found.size === wanted.size && time(found) === time(wanted);
  };
}

export function gone(path: string): Arrived {
  return (root) => fs.lstatSync(join(root, path), { throwIfNoEntry: false }) === undefined;
}

export function all(...arrivals: readonly Arrived[]): Arrived {
  return (root) => arrivals.every((arrived) => arrived(root));
}

function entries(dir: string): number {
  try {
    return fs.readdirSync(dir).length;
  } catch {
    return -1;
  }
}

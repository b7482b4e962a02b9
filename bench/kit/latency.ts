/** How long one small file takes, again and again. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Job } from '../contestants/contestant.ts';
import { sameFile } from './arrival.ts';
import { randomBytes } from './trees.ts';

const FILE_BYTES = 1024;
/** so that no file falls into a rhythm with the one before */
const LONGEST_PAUSE_MS = 60;

/** Carries a job; seconds until the peers hold it. */
export type Send = (job: Job) => Promise<number>;

/** Milliseconds of each of a number of new files below a directory, one after the other, while `more` says so. */
export async function latencies(
  send: Send,
  below: string,
  more: (count: number) => boolean,
): Promise<number[]> {
  const milliseconds: number[] = [];
  while (more(milliseconds.length)) {
    await pause(Math.random() * LONGEST_PAUSE_MS);
    milliseconds.push((await send(smallFile(below, `file-${milliseconds.length}`))) * 1000);
  }
  return milliseconds;
}

/** A new file of 1 KiB. */
export function smallFile(below: string, name: string): Job {
  const path = join(below, name);
  return {
    below,
    change: (root) => {
      fs.mkdirSync(join(root, below), { recursive: true });
      fs.writeFileSync(join(root, path), randomBytes(FILE_BYTES));
    },
    arrival: (origin, precision) => sameFile(origin, path, precision),
  };
}

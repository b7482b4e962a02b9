/** One measurement: on a quiet disk, its content checked afterwards. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import type { Carried, Contestant, Job } from '../contestants/contestant.ts';
import { must } from '../../test/kit/cluster/command.ts';
import { wholeTree } from './arrival.ts';
import type { Board } from './board.ts';
import { spentBetween } from './phases.ts';
import { makeTree } from './trees.ts';
import type { Shape } from './trees.ts';
import { verifyEqual } from './verify.ts';

/** Carries a change when nothing else is going on; the board gets what it was made of and whether content is right. */
export async function measure(board: Board, contestant: Contestant, job: Job): Promise<Carried> {
  await quiet(contestant);
  const before = await contestant.phases();
  const carried = await contestant.carry(job);
  const after = await contestant.phases();
  if (after.size > 0) board.phases(contestant.name, spentBetween(before, after));
  check(board, contestant, job.below);
  return carried;
}

/** Carries a change that is not measured, as preparation. */
export async function prepare(board: Board, contestant: Contestant, job: Job): Promise<void> {
  await contestant.carry(job);
  check(board, contestant, job.below);
}

/** Nothing going on, and nothing that waits to be written to the disk from before. */
export async function quiet(contestant: Contestant): Promise<void> {
  await contestant.idle();
  must('sync', ['--file-system', contestant.stage]);
}

/** A tree made beside the root and moved into it as `BELOW/NAME`, so that it appears at once for everybody. */
export function newTree(contestant: Contestant, below: string, name: string, shape: Shape): Job {
  const staged = join(contestant.stage, name);
  makeTree(staged, shape);
  return {
    below,
    change: (root) => {
      fs.mkdirSync(join(root, below), { recursive: true });
      fs.renameSync(staged, join(root, below, name));
    },
    arrival: () => wholeTree(join(below, name), shape),
  };
}

function check(board: Board, { name, roots, precision }: Contestant, below: string): void {
  board.wrong(name, verifyEqual(roots, below, precision));
}

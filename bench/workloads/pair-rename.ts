/** A directory with many files gets another name, beside lsyncd + csync2. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { all, gone, wholeTree } from '../kit/arrival.ts';
import { Board } from '../kit/board.ts';
import { addCosts, compare } from '../kit/pair.ts';
import { seedTree } from '../kit/trees.ts';
import type { Shape } from '../kit/trees.ts';
import type { Workload } from '../kit/workload.ts';

const BELOW = 'work';
const SECONDS = 'seconds';

export const pairRename: Workload = {
  name: 'pair-rename',
  run: async (bench) => {
    const shape: Shape = { directories: 20, filesEach: bench.scaled(100), fileBytes: 1000 };
    const files = shape.directories * shape.filesEach;
    const board = new Board(
      'pair-rename',
      `a directory with ${files} files of 1 kB renamed, until both peers hold it so`,
    );
    // A side that failed begins anew with what it should have by then.
    let name = nameOf(0);
    const { sides, absent } = await bench.sides((contestant) =>
      seedTree(Object.values(contestant.roots), name, shape),
    );
    for (const line of absent) board.part(line);
    for (let round = 0; round < bench.runs; round++) {
      const [from, to] = [nameOf(round), nameOf(round + 1)];
      name = to;
      for (const side of sides) {
        const taken = await side.take(board, {
          below: BELOW,
          change: (root) => fs.renameSync(join(root, from), join(root, to)),
          arrival: () => all(wholeTree(to, shape), gone(from)),
        });
        board.add(side.name, SECONDS, taken.seconds);
        addCosts(board, side, taken);
      }
    }
    compare(board, SECONDS);
    return board.outcome();
  },
};

function nameOf(round: number): string {
  return join(BELOW, `name-${round}`);
}

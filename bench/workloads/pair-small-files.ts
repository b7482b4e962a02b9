/** Many small files at once beside lsyncd + csync2. */
import { Board } from '../kit/board.ts';
import { newTree } from '../kit/measure.ts';
import { addCosts, compare } from '../kit/pair.ts';
import type { Shape } from '../kit/trees.ts';
import type { Workload } from '../kit/workload.ts';

const SECONDS = 'seconds';

export const pairSmallFiles: Workload = {
  name: 'pair-small-files',
  run: async (bench) => {
    const shape: Shape = { directories: 20, filesEach: bench.scaled(100), fileBytes: 1000 };
    const files = shape.directories * shape.filesEach;
    const board = new Board('pair-small-files', `${files} new files of 1 kB, until both peers hold them`);
    const { sides, absent } = await bench.sides(() => {});
    for (const line of absent) board.part(line);
    for (let round = 0; round < bench.runs; round++) {
      for (const side of sides) {
        const taken = await side.take(board, newTree(side.contestant, `round-${round}`, 'tree', shape));
        board.add(side.name, SECONDS, taken.seconds);
        addCosts(board, side, taken);
      }
    }
    compare(board, SECONDS);
    return board.outcome();
  },
};

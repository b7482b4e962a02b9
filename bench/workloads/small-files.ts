/** Many small files at once: what a deployment or an import does. */
import { Board } from '../kit/board.ts';
import { measure, newTree } from '../kit/measure.ts';
import type { Shape } from '../kit/trees.ts';
import { RELAXED, STRICT } from '../kit/workload.ts';
import type { Workload } from '../kit/workload.ts';

const FILES_PER_SECOND = 'files/s';

export const smallFiles: Workload = {
  name: 'small-files',
  run: async (bench) => {
    const shape: Shape = { directories: 100, filesEach: bench.scaled(100), fileBytes: 4096 };
    const files = shape.directories * shape.filesEach;
    const board = new Board('small-files', `${files} files of 4 KiB in 100 directories, to both peers`);
    const field = await bench.field();
    for (let round = 0; round < bench.runs; round++) {
      for (const contestant of field) {
        const job = newTree(contestant, `round-${round}`, 'tree', shape);
        const { seconds, acknowledgedSeconds, wireBytes } = await measure(board, contestant, job);
        board.add(contestant.name, 'seconds', acknowledgedSeconds ?? seconds);
        board.add(contestant.name, 'held after, s', seconds);
        board.add(contestant.name, FILES_PER_SECOND, files / (acknowledgedSeconds ?? seconds));
        board.add(contestant.name, 'MB on the wire', wireBytes / 1e6);
      }
    }
    board.atLeast('strict: times csync2’s files/s', board.ratio(STRICT, FILES_PER_SECOND, 'csync2'), 20);
    board.atLeast('relaxed: times csync2’s files/s', board.ratio(RELAXED, FILES_PER_SECOND, 'csync2'), 20);
    board.atLeast('strict: share of rsync’s files/s', board.ratio(STRICT, FILES_PER_SECOND, 'rsync'), 0.25);
    board.atLeast('relaxed: share of rsync’s files/s', board.ratio(RELAXED, FILES_PER_SECOND, 'rsync'), 0.5);
    return board.outcome();
  },
};

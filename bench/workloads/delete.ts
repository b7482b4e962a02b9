/** Many files deleted at once. */
import { join } from 'node:path';
import { must } from '../../test/kit/cluster/command.ts';
import { gone } from '../kit/arrival.ts';
import { Board } from '../kit/board.ts';
import { measure, newTree, prepare } from '../kit/measure.ts';
import type { Shape } from '../kit/trees.ts';
import { RELAXED, STRICT } from '../kit/workload.ts';
import type { Workload } from '../kit/workload.ts';

const BELOW = 'work';

export const deletion: Workload = {
  name: 'delete',
  run: async (bench) => {
    const shape: Shape = { directories: 20, filesEach: bench.scaled(100), fileBytes: 4096 };
    const board = new Board(
      'delete',
      `${shape.directories * shape.filesEach} files deleted by rm -r, as many stay`,
    );
    const field = await bench.field();
    // As anywhere, there are other files too.
    for (const contestant of field)
      await prepare(board, contestant, newTree(contestant, 'stays', 'tree', shape));
    for (let round = 0; round < bench.runs; round++) {
      for (const contestant of field) {
        await prepare(board, contestant, newTree(contestant, BELOW, 'tree', shape));
        const { seconds, acknowledgedSeconds, wireBytes } = await measure(board, contestant, {
          below: BELOW,
          change: (root) => must('rm', ['-r', join(root, BELOW, 'tree')]),
          arrival: () => gone(join(BELOW, 'tree')),
        });
        board.add(contestant.name, 'seconds', acknowledgedSeconds ?? seconds);
        board.add(contestant.name, 'gone after, s', seconds);
        board.add(contestant.name, 'MB on the wire', wireBytes / 1e6);
      }
    }
    for (const name of [STRICT, RELAXED]) {
      board.atMost(`${name}: seconds, the time of rm itself included`, board.median(name, 'seconds'), 1);
      board.ratio(name, 'seconds', 'rsync');
      board.ratio(name, 'seconds', 'csync2');
    }
    return board.outcome();
  },
};

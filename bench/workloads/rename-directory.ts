/** A directory with many files gets another name. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { all, gone, wholeTree } from '../kit/arrival.ts';
import { Board } from '../kit/board.ts';
import { measure, newTree, prepare } from '../kit/measure.ts';
import type { Shape } from '../kit/trees.ts';
import { RELAXED, STRICT } from '../kit/workload.ts';
import type { Workload } from '../kit/workload.ts';

const BELOW = 'work';
/** bytes on the wire for a name, with the row's other fields and the acknowledgement, to two peers: no content */
const NAME_BYTES = 2 * 512;

export const renameDirectory: Workload = {
  name: 'rename-directory',
  run: async (bench) => {
    const shape: Shape = { directories: 20, filesEach: bench.scaled(100), fileBytes: 4096 };
    const files = shape.directories * shape.filesEach;
    const board = new Board('rename-directory', `a directory with ${files} files of 4 KiB renamed`);
    const field = await bench.field();
    for (const contestant of field)
      await prepare(board, contestant, newTree(contestant, BELOW, 'name-0', shape));
    for (let round = 0; round < bench.runs; round++) {
      const [from, to] = [join(BELOW, `name-${round}`), join(BELOW, `name-${round + 1}`)];
      for (const contestant of field) {
        const { seconds, acknowledgedSeconds, wireBytes } = await measure(board, contestant, {
          below: BELOW,
          change: (root) => fs.renameSync(join(root, from), join(root, to)),
          arrival: () => all(wholeTree(to, shape), gone(from)),
        });
        board.add(contestant.name, 'seconds', acknowledgedSeconds ?? seconds);
        board.add(contestant.name, 'held after, s', seconds);
        board.add(contestant.name, 'MB on the wire', wireBytes / 1e6);
      }
    }
    for (const name of [STRICT, RELAXED]) {
      board.atMost(`${name}: seconds`, board.median(name, 'seconds'), 1);
      board.atMost(
        `${name}: MB on the wire (content would be ${(2 * files * shape.fileBytes) / 1e6})`,
        board.median(name, 'MB on the wire'),
        (files * NAME_BYTES) / 1e6,
      );
      board.ratio(name, 'seconds', 'rsync');
      board.ratio(name, 'seconds', 'csync2');
    }
    return board.outcome();
  },
};

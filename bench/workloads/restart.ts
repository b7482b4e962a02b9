/** A daemon that comes back to a large tree in which nothing has changed. */
import { join } from 'node:path';
import { Board } from '../kit/board.ts';
import { newTree, prepare, quiet } from '../kit/measure.ts';
import type { Shape } from '../kit/trees.ts';
import type { Workload } from '../kit/workload.ts';
import { must } from '../../test/kit/cluster/command.ts';

const NAME = 'csyncd';
const SECONDS = 'seconds';

export const restart: Workload = {
  name: 'restart',
  run: async (bench) => {
    const shape: Shape = { directories: bench.scaled(2000), filesEach: 100, fileBytes: 100 };
    const files = shape.directories * shape.filesEach;
    const board = new Board(
      'restart',
      `a start on ${files} unchanged files, until live; csync2 -cr on the same tree`,
    );
    const csyncd = await bench.csyncd({ name: NAME });
    if (csyncd === null) return board.outcome();
    await prepare(board, csyncd, newTree(csyncd, 'work', 'tree', shape));
    const csync2 = await bench.csync2(csyncd.roots.a);
    await csync2?.run('-cIr', csync2.path);
    for (let round = 0; round < bench.runs; round++) {
      await quiet(csyncd);
      await csyncd.nodes.a.stop();
      csyncd.launch('a');
      board.add(NAME, SECONDS, await csyncd.secondsUntilLive('a'));
      if (csync2 !== null) board.add('csync2', SECONDS, await csync2.run('-cr', csync2.path));
      const start = performance.now();
      must('find', [join(csyncd.roots.a, 'work'), '-printf', '']);
      board.add('find', SECONDS, (performance.now() - start) / 1000);
    }
    board.atMost('share of csync2’s time', board.ratio(NAME, SECONDS, 'csync2'), 1);
    board.ratio(NAME, SECONDS, 'find');
    return board.outcome();
  },
};

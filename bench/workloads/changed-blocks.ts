/** A few blocks changed in place inside a large file. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { sameFile } from '../kit/arrival.ts';
import { Board } from '../kit/board.ts';
import { measure, prepare } from '../kit/measure.ts';
import { changeBlocks } from '../kit/trees.ts';
import { RELAXED, STRICT } from '../kit/workload.ts';
import type { Workload } from '../kit/workload.ts';
import { newFile } from './one-gib.ts';

const GIB = 2 ** 30;
const BLOCKS = 16;
const BLOCK_BYTES = 65_536;
const SHARE = '% of its size on the wire';
const DIRECTORY = 'large';
const FILE = `${DIRECTORY}/file`;
/** csync2 and rsync see that a file of the same size has changed when its mtime is in another second */
const NEXT_SECOND_MS = 1_100;

export const changedBlocks: Workload = {
  name: 'changed-blocks',
  run: async (bench) => {
    const bytes = bench.scaled(GIB);
    const board = new Board(
      'changed-blocks',
      `16 × 64 KiB changed in place in a file of ${Math.round(bytes / 2 ** 20)} MiB`,
    );
    const field = await bench.field({ group: { backup: { generations: 1, keep: '1s' } } });
    for (const contestant of field) await prepare(board, contestant, newFile(contestant, FILE, bytes));
    for (let round = 0; round < bench.runs; round++) {
      for (const contestant of field) {
        await pause(NEXT_SECOND_MS);
        const { seconds, acknowledgedSeconds, wireBytes } = await measure(board, contestant, {
          below: DIRECTORY,
          change: (root) => changeBlocks(join(root, FILE), BLOCKS, BLOCK_BYTES),
          arrival: (origin, precision) => sameFile(origin, FILE, precision),
        });
        board.add(contestant.name, 'seconds', acknowledgedSeconds ?? seconds);
        board.add(contestant.name, 'MB on the wire', wireBytes / 1e6);
        // Both peers get the changes; the share is of what the file would take to both.
        board.add(contestant.name, SHARE, (wireBytes / bytes / 2) * 100);
      }
    }
    board.atMost(`strict: ${SHARE}`, board.median(STRICT, SHARE), 1);
    board.atMost(`relaxed: ${SHARE}`, board.median(RELAXED, SHARE), 1);
    board.ratio(STRICT, 'seconds', 'rsync');
    board.ratio(STRICT, 'seconds', 'csync2');
    return board.outcome();
  },
};

/** One large file. */
import type { Contestant, Job } from '../contestants/contestant.ts';
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { gone, sameFile } from '../kit/arrival.ts';
import { Board } from '../kit/board.ts';
import { measure } from '../kit/measure.ts';
import { makeFile } from '../kit/trees.ts';
import { RELAXED, STRICT } from '../kit/workload.ts';
import type { Workload } from '../kit/workload.ts';

const GIB = 2 ** 30;
const SPEED = 'MB/s to each';
const DIRECTORY = 'large';

export const oneGib: Workload = {
  name: 'one-gib',
  run: async (bench) => {
    const bytes = bench.scaled(GIB);
    const board = new Board(
      'one-gib',
      `a file of ${Math.round(bytes / 2 ** 20)} MiB, to both peers; csyncd with TLS`,
    );
    // Not more than one of these files is to lie in the backups.
    const field = await bench.field({ group: { backup: { generations: 1, keep: '1s' } } });
    for (let round = 0; round < bench.runs; round++) {
      for (const contestant of field) {
        const path = join(DIRECTORY, `round-${round}`);
        const { seconds, acknowledgedSeconds, wireBytes } = await measure(
          board,
          contestant,
          newFile(contestant, path, bytes),
        );
        board.add(contestant.name, 'seconds', acknowledgedSeconds ?? seconds);
        board.add(contestant.name, SPEED, bytes / 1e6 / (acknowledgedSeconds ?? seconds));
        board.add(contestant.name, 'MB on the wire', wireBytes / 1e6);
        await contestant.carry({
          below: DIRECTORY,
          change: (root) => fs.rmSync(join(root, path)),
          arrival: () => gone(path),
        });
      }
    }
    board.atLeast('strict: share of rsync’s speed', board.ratio(STRICT, SPEED, 'rsync'), 0.6);
    board.atLeast('relaxed: share of rsync’s speed', board.ratio(RELAXED, SPEED, 'rsync'), 0.6);
    board.ratio(STRICT, SPEED, 'csync2');
    board.ratio(RELAXED, SPEED, 'csync2');
    return board.outcome();
  },
};

/** A file made beside the root and moved into it. */
export function newFile(contestant: Contestant, path: string, bytes: number): Job {
  const staged = join(contestant.stage, 'large');
  makeFile(staged, bytes);
  return {
    below: dirname(path),
    change: (root) => {
      fs.mkdirSync(join(root, dirname(path)), { recursive: true });
      fs.renameSync(staged, join(root, path));
    },
    arrival: (origin, precision) => sameFile(origin, path, precision),
  };
}

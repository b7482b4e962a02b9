/** How long one small file takes: from before it is written until both peers hold it. */
import type { Contestant } from '../contestants/contestant.ts';
import { Board } from '../kit/board.ts';
import { percentile } from '../kit/figures.ts';
import { latencies, smallFile } from '../kit/latency.ts';
import { prepare, quiet } from '../kit/measure.ts';
import { verifyEqual } from '../kit/verify.ts';
import type { Workload } from '../kit/workload.ts';

const SAMPLES = 50;
const DEFAULT_DELAY = 'csyncd, default delay';
const NO_DELAY = 'csyncd, delay 0';
const MEDIAN = 'median, ms';

export const oneFile: Workload = {
  name: 'one-file',
  run: async (bench) => {
    const board = new Board('one-file', `one file of 1 KiB, until both peers hold it; ${SAMPLES} in a row`);
    const field: readonly (Contestant | null)[] = [
      await bench.csyncd({ name: DEFAULT_DELAY }),
      await bench.csyncd({ name: NO_DELAY, mapping: { delay: '0' } }),
      await bench.csync2(),
      await bench.rsync(),
    ];
    for (let round = 0; round < bench.runs; round++) {
      for (const contestant of field.filter((some) => some !== null)) {
        const below = `round-${round}`;
        await prepare(board, contestant, smallFile(below, 'first'));
        await quiet(contestant);
        const send = async (job: Parameters<Contestant['carry']>[0]) => (await contestant.carry(job)).seconds;
        const milliseconds = await latencies(send, below, (count) => count < SAMPLES);
        board.add(contestant.name, MEDIAN, percentile(milliseconds, 0.5));
        board.add(contestant.name, 'p95, ms', percentile(milliseconds, 0.95));
        board.wrong(contestant.name, verifyEqual(contestant.roots, below, contestant.precision));
      }
    }
    board.atMost(`default delay: ${MEDIAN}`, board.median(DEFAULT_DELAY, MEDIAN), 200);
    board.atMost(`delay 0: ${MEDIAN}`, board.median(NO_DELAY, MEDIAN), 30);
    return board.outcome();
  },
};

/** Single files beside lsyncd + csync2, each when nothing else is going on. */
import { Board } from '../kit/board.ts';
import { median, percentile } from '../kit/figures.ts';
import { smallFile } from '../kit/latency.ts';
import { addCosts, compare } from '../kit/pair.ts';
import type { Side, Taken } from '../kit/side.ts';
import { seedTree } from '../kit/trees.ts';
import type { Shape } from '../kit/trees.ts';
import type { Workload } from '../kit/workload.ts';

const SAMPLES = 20;
const MEDIAN = 'median, ms';

export const pairLatency: Workload = {
  name: 'pair-latency',
  run: async (bench) => {
    const samples = bench.scaled(SAMPLES);
    const others: Shape = { directories: 100, filesEach: bench.scaled(100), fileBytes: 1000 };
    const board = new Board(
      'pair-latency',
      `one new file of 1 KiB beside ${others.directories * others.filesEach} others, until both peers hold it; ${samples} in a row, each from rest; costs of one`,
    );
    const { sides, absent } = await bench.sides(({ roots }) =>
      seedTree(Object.values(roots), 'tree', others),
    );
    for (const line of absent) board.part(line);
    for (let round = 0; round < bench.runs; round++) {
      for (const side of sides) await addRound(board, side, `round-${round}`, samples);
    }
    compare(board, MEDIAN);
    return board.outcome();
  },
};

async function addRound(board: Board, side: Side, below: string, samples: number): Promise<void> {
  await side.take(board, smallFile(below, 'first'));
  const all: Taken[] = [];
  for (let i = 0; i < samples; i++) all.push(await side.take(board, smallFile(below, `file-${i}`)));
  const milliseconds = all.map(({ seconds }) => seconds * 1000);
  board.add(side.name, MEDIAN, percentile(milliseconds, 0.5));
  board.add(side.name, 'p95, ms', percentile(milliseconds, 0.95));
  const middle = (pick: (taken: Taken) => number): number => median(all.map(pick));
  addCosts(board, side, {
    restSeconds: middle(({ restSeconds }) => restSeconds),
    cpuSeconds: middle(({ cpuSeconds }) => cpuSeconds),
    originRuns: middle(({ originRuns }) => originRuns),
    peerRuns: middle(({ peerRuns }) => peerRuns),
    fullRuns: middle(({ fullRuns }) => fullRuns),
  });
}

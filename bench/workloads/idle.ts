/** What daemons do when there is nothing to do: 60 s after the last change. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Csyncd } from '../contestants/csyncd.ts';
import { HOSTS } from '../contestants/contestant.ts';
import { Board } from '../kit/board.ts';
import { newTree, prepare } from '../kit/measure.ts';
import type { Shape } from '../kit/trees.ts';
import type { Workload } from '../kit/workload.ts';

const AFTER_MS = 60_000;
const DURING_MS = 60_000;
const CPU = '% of a core';
const WRITTEN = 'bytes written';

export const idle: Workload = {
  name: 'idle',
  run: async (bench) => {
    const shape: Shape = { directories: 100, filesEach: bench.scaled(100), fileBytes: 4096 };
    const files = shape.directories * shape.filesEach;
    const board = new Board(
      'idle',
      `60 s, from 60 s after the last change, with ${files} files; daemon and watch host`,
    );
    const csyncd = await bench.csyncd({ name: 'csyncd' });
    if (csyncd === null) return board.outcome();
    await prepare(board, csyncd, newTree(csyncd, 'work', 'tree', shape));
    await csyncd.idle();
    await pause(AFTER_MS);
    for (let round = 0; round < bench.runs; round++) await watchSilence(board, csyncd);
    for (const host of HOSTS) {
      board.atMost(`${host}: ${CPU}`, board.median(host, CPU), 1);
      board.atMost(`${host}: ${WRITTEN}`, board.median(host, WRITTEN), 0);
    }
    return board.outcome();
  },
};

async function watchSilence(board: Board, csyncd: Csyncd): Promise<void> {
  const before = HOSTS.map((host) => totals(csyncd, host));
  await pause(DURING_MS);
  HOSTS.forEach((host, i) => {
    const [then, now] = [before[i], totals(csyncd, host)];
    if (then === undefined) return;
    board.add(host, CPU, ((now.cpuSeconds - then.cpuSeconds) / DURING_MS) * 1000 * 100);
    board.add(host, WRITTEN, now.writtenBytes - then.writtenBytes);
    board.add(host, 'bytes sent', now.sentBytes - then.sentBytes);
    board.add(host, 'packets sent', now.sentPackets - then.sentPackets);
  });
}

function totals(csyncd: Csyncd, host: (typeof HOSTS)[number]) {
  const node = csyncd.nodes[host];
  const processes = node.usage();
  const sum = (pick: (usage: (typeof processes)[number]) => number) =>
    processes.reduce((total, usage) => total + pick(usage), 0);
  const { sentBytes, sentPackets } = node.traffic();
  return {
    cpuSeconds: sum(({ cpuSeconds }) => cpuSeconds),
    writtenBytes: sum(({ writtenBytes }) => writtenBytes),
    sentBytes,
    sentPackets,
  };
}

/** Peers that are away, and large files: what they cost themselves and what the others. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { PEERS } from '../contestants/contestant.ts';
import type { HostName } from '../contestants/contestant.ts';
import type { Csyncd } from '../contestants/csyncd.ts';
import { secondsUntil, wholeTree } from '../kit/arrival.ts';
import { Board } from '../kit/board.ts';
import { median } from '../kit/figures.ts';
import { latencies } from '../kit/latency.ts';
import { newTree, quiet } from '../kit/measure.ts';
import { makeFile } from '../kit/trees.ts';
import type { Shape } from '../kit/trees.ts';
import { verifyEqual } from '../kit/verify.ts';
import type { Bench, Workload } from '../kit/workload.ts';

const GIB = 2 ** 30;
const SAMPLES = 50;
const NAME = 'csyncd';
const CAUGHT_UP = 'caught up after, s';
const BLACKHOLE = 'blackhole adds, ms';
const LARGE_FILE = 'large file adds, ms';
/** ms by which a median may be off, on a machine where all hosts share two cores, and count as nothing added */
const NOTHING_MS = 20;

export const outage: Workload = {
  name: 'outage',
  run: async (bench) => {
    const shape: Shape = { directories: 10, filesEach: bench.scaled(100), fileBytes: 4096 };
    const missed = shape.directories * shape.filesEach;
    const board = new Board(
      'outage',
      `a peer that missed ${missed} files of 4 KiB is started; a peer is blackholed; a large file is in another mapping`,
    );
    const csyncd = await bench.csyncd({
      name: NAME,
      mappings: { bulk: { max_delete: '100%' } },
      group: { backup: { generations: 1, keep: '1s' } },
    });
    for (let round = 0; round < bench.runs; round++) {
      if (csyncd === null) break;
      await catchUp(board, csyncd, `missed-${round}`, shape);
      await blackhole(board, csyncd, `blackhole-${round}`);
      await largeFile(bench, board, csyncd, `large-${round}`);
    }
    board.atMost('seconds from its start until the peer has caught up', board.median(NAME, CAUGHT_UP), 2);
    const nothing = `at most ${NOTHING_MS} counts as nothing`;
    board.atMost(
      `ms that a blackholed peer adds to the other’s median (${nothing})`,
      board.median(NAME, BLACKHOLE),
      NOTHING_MS,
    );
    board.atMost(
      `ms that a large file adds to another mapping’s median (${nothing})`,
      board.median(NAME, LARGE_FILE),
      NOTHING_MS,
    );
    return board.outcome();
  },
};

/** A peer is stopped, files are made, the peer is started. */
async function catchUp(board: Board, csyncd: Csyncd, below: string, shape: Shape): Promise<void> {
  await csyncd.nodes.c.stop();
  const job = newTree(csyncd, below, 'tree', shape);
  await csyncd.held(job, ['b']);
  await quiet(csyncd);
  const start = performance.now();
  csyncd.launch('c');
  const caughtUp = await secondsUntil(start, [csyncd.roots.c], [wholeTree(join(below, 'tree'), shape)]);
  board.add(NAME, CAUGHT_UP, caughtUp);
  await csyncd.idle();
  board.wrong(NAME, verifyEqual(csyncd.roots, below, csyncd.precision));
}

/** One peer hears and says nothing any more: what counts is when the other has a file. */
async function blackhole(board: Board, csyncd: Csyncd, below: string): Promise<void> {
  const before = await medianLatency(csyncd, ['b'], `${below}-before`);
  csyncd.cluster.cut('a', 'c');
  csyncd.cluster.cut('b', 'c');
  const during = await medianLatency(csyncd, ['b'], below);
  csyncd.cluster.healAll();
  board.add(NAME, 'one file, ms', before);
  board.add(NAME, 'with a blackholed peer, ms', during);
  board.add(NAME, BLACKHOLE, during - before);
  await csyncd.idle();
  board.wrong(NAME, verifyEqual(csyncd.roots, below, csyncd.precision));
}

/** A large file goes through one mapping, small ones through the other. */
async function largeFile(bench: Bench, board: Board, csyncd: Csyncd, below: string): Promise<void> {
  const bulk = csyncd.rootsOf('bulk');
  const staged = join(csyncd.stage, below);
  makeFile(staged, bench.scaled(GIB));
  await quiet(csyncd);
  const before = await medianLatency(csyncd, PEERS, `${below}-before`);
  fs.renameSync(staged, join(bulk.a, below));
  const arrived = () => PEERS.every((peer) => fs.existsSync(join(bulk[peer], below)));
  const during = median(
    await latencies(
      (job) => csyncd.held(job, PEERS),
      below,
      () => !arrived(),
    ),
  );
  board.add(NAME, 'beside a large file, ms', during);
  board.add(NAME, LARGE_FILE, during - before);
  await csyncd.idle();
  board.wrong(NAME, verifyEqual(csyncd.roots, below, csyncd.precision));
  board.wrong(NAME, verifyEqual(bulk, '', csyncd.precision));
  fs.rmSync(join(bulk.a, below));
  await csyncd.idle();
}

async function medianLatency(csyncd: Csyncd, peers: readonly HostName[], below: string): Promise<number> {
  return median(
    await latencies(
      (job) => csyncd.held(job, peers),
      below,
      (count) => count < SAMPLES,
    ),
  );
}

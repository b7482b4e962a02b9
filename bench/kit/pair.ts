/** What the workloads beside lsyncd + csync2 have in common: their columns, and what csyncd must win. */
import type { Board } from './board.ts';
import type { Costs, Side } from './side.ts';
import { ENGINE, ON_CSYNC2, PAIR } from './workload.ts';

const REST = 'at rest after, s';
const CPU = 'CPU s';
const PEER_RUNS = 'csync2 runs, peers';
const FULL_RUNS = 'full runs';
/** the share of the pair's figure that counts as winning by far */
const BY_FAR = 0.25;

/** Adds what a change cost, all hosts together. */
export function addCosts(board: Board, side: Side, taken: Costs): void {
  board.add(side.name, REST, taken.restSeconds);
  board.add(side.name, CPU, taken.cpuSeconds);
  board.add(side.name, 'csync2 runs, origin', taken.originRuns);
  board.add(side.name, PEER_RUNS, taken.peerRuns);
  board.add(side.name, FULL_RUNS, taken.fullRuns);
}

/** The shares of the pair's figures, and the floors that they must keep. */
export function compare(board: Board, what: string): void {
  for (const column of [what, REST, CPU]) {
    board.atMost(`engine: ${column}, share of the pair’s`, board.ratio(ENGINE, column, PAIR), BY_FAR);
    board.atMost(`on csync2: ${column}, share of the pair’s`, board.ratio(ON_CSYNC2, column, PAIR), 1);
  }
  board.atMost('on csync2: full runs', board.median(ON_CSYNC2, FULL_RUNS), 0);
  board.atMost('on csync2: csync2 runs at the peers', board.median(ON_CSYNC2, PEER_RUNS), 0);
}

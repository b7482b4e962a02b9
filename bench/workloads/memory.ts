/** What the daemon needs for many files, its watch host aside, and whether more peers make it more. */
import * as fs from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Csyncd } from '../contestants/csyncd.ts';
import { HOSTS } from '../contestants/contestant.ts';
import { Board } from '../kit/board.ts';
import { newTree, prepare, quiet } from '../kit/measure.ts';
import type { Shape } from '../kit/trees.ts';
import type { Workload } from '../kit/workload.ts';

const MB = 1e6;
const SETTLED_MS = 45_000;
const ABSENT_PEERS = 6;
const TWO = '2 peers';
const EIGHT = '8 peers';
const RSS = 'MB after a start';
/** the same start twice differs by as much */
const NO_GROWTH = 1.1;

export const memory: Workload = {
  name: 'memory',
  run: async (bench) => {
    const shape: Shape = { directories: bench.scaled(10_000), filesEach: 100, fileBytes: 16 };
    const files = shape.directories * shape.filesEach;
    const board = new Board('memory', `resident memory of the origin’s daemon with ${files} files`);
    const csyncd = await bench.csyncd({ name: 'csyncd' });
    if (csyncd === null) return board.outcome();
    const start = performance.now();
    await prepare(board, csyncd, newTree(csyncd, 'work', 'tree', shape));
    board.part(`first import to both peers: ${Math.round((performance.now() - start) / 1000)} s`);
    for (const host of HOSTS)
      board.part(`${host} during the first import: at most ${inMB(peakOf(csyncd, host))}`);
    await settle(csyncd);
    for (const host of HOSTS) {
      board.part(`${host} after the first import: ${inMB(residentOf(csyncd, host))}`);
    }
    for (let round = 0; round < bench.runs; round++) {
      configureAbsentPeers(csyncd, 0);
      await startAgain(csyncd);
      board.add(TWO, RSS, residentOf(csyncd, 'a') / MB);
      board.add(TWO, 'MB at most', peakOf(csyncd, 'a') / MB);
      board.add(TWO, 'MB of its watch host', watchHostOf(csyncd) / MB);
      configureAbsentPeers(csyncd, ABSENT_PEERS);
      await startAgain(csyncd);
      board.add(EIGHT, RSS, residentOf(csyncd, 'a') / MB);
      board.add(EIGHT, 'MB at most', peakOf(csyncd, 'a') / MB);
      board.add(EIGHT, 'MB of its watch host', watchHostOf(csyncd) / MB);
    }
    board.atMost('MB with 2 peers', board.median(TWO, RSS), 200);
    board.atMost('MB with 8 peers', board.median(EIGHT, RSS), 200);
    board.atMost('8 peers, 6 of them never there, against 2', board.ratio(EIGHT, RSS, TWO), NO_GROWTH);
    return board.outcome();
  },
};

async function startAgain(csyncd: Csyncd): Promise<void> {
  await Promise.all(HOSTS.map((host) => csyncd.nodes[host].stop()));
  await csyncd.start();
  await settle(csyncd);
}

/** A daemon that rests after much work gives back what that took. */
async function settle(csyncd: Csyncd): Promise<void> {
  await quiet(csyncd);
  await pause(SETTLED_MS);
}

/** Rewrites every node's config: the three nodes and so many that nobody has ever heard of. */
function configureAbsentPeers(csyncd: Csyncd, count: number): void {
  for (const host of HOSTS) {
    const file = csyncd.nodes[host].place.configFile;
    const config = JSON.parse(fs.readFileSync(file, 'utf8')) as {
      groups: { web: { hosts: { name: string }[] } };
    };
    const present = config.groups.web.hosts.filter(({ name }) => !name.startsWith('absent'));
    const absent = Array.from({ length: count }, (_, i) => ({
      name: `absent${i}`,
      address: `10.77.0.${100 + i}`,
    }));
    config.groups.web.hosts = [...present, ...absent];
    fs.writeFileSync(file, JSON.stringify(config, null, 2));
  }
}

function residentOf(csyncd: Csyncd, host: (typeof HOSTS)[number]): number {
  return csyncd.nodes[host].usage()[0]?.rssBytes ?? Number.NaN;
}

function peakOf(csyncd: Csyncd, host: (typeof HOSTS)[number]): number {
  const pid = csyncd.nodes[host].usage()[0]?.pid;
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(peak) * 1024;
}

function watchHostOf(csyncd: Csyncd): number {
  return csyncd.nodes.a
    .usage()
    .slice(1)
    .reduce((sum, { rssBytes }) => sum + rssBytes, 0);
}

function inMB(bytes: number): string {
  return `${Math.round(bytes / MB)} MB`;
}

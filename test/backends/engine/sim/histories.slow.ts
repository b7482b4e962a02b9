/** Long runs over histories that are new each time (the runner's seed); the seed of a failing one is printed. */
import process from 'node:process';
import { histories } from './histories.ts';

const start = Number(process.env['CSYNCD_SEED'] ?? 0) % 700_000;

histories('two nodes, new seeds', 1_100_000 + start, 25_000);
histories('three nodes, new seeds', 2_100_000 + start, 25_000);
histories('four and five nodes, new seeds', 3_100_000 + start, 10_000);

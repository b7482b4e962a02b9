import { histories } from './histories.ts';

histories('three nodes', 2_000_000, 6000);

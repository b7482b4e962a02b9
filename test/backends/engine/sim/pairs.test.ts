import { histories } from './histories.ts';

histories('two nodes', 1_000_000, 8000);

import { histories } from './histories.ts';

histories('four and five nodes', 3_000_000, 2000);

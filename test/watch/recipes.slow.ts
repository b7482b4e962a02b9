import { test } from 'node:test';
import { bursts } from './bursts.ts';

test('recipe 8: 20,000 new files, then changes in place', () => bursts(20_000));

import { test } from 'node:test';
import { killedInTheMiddle } from '../kit/cluster/kills.ts';

test('killed in the middle of 2,000 files, four times in a row: nothing is lost and nothing left', (t) =>
  killedInTheMiddle(t, 4));

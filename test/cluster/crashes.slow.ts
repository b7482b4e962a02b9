import { test } from 'node:test';
import { killedInTheMiddle } from '../kit/cluster/kills.ts';

test('killed in the middle of 5,000 files, ten times in a row: nothing is lost and nothing left', (t) =>
  killedInTheMiddle(t, 10));

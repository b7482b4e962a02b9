/** Histories that once broke an invariant, made small; each file says which and why. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { History } from '../../../kit/sim/history.ts';
import { judge } from './histories.ts';

interface Regression {
  readonly why: string;
  readonly history: History;
}

const FOLDER = path.join(import.meta.dirname, '../../../regressions');

for (const file of readdirSync(FOLDER)) {
  if (!file.endsWith('.json')) continue;
  const { why, history } = JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as Regression;
  test(`${path.basename(file, '.json')}: ${why}`, () => judge(history, {}, new Map()));
}

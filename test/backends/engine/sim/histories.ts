/**
 * Runs many random histories and reports a failing one as small as it can be made. One seed is one history, and the tests
 * take the same ones each time; `CSYNCD_HISTORY=2000123 npm test test/backends/engine/sim` runs just that one.
 */
import assert from 'node:assert/strict';
import process from 'node:process';
import { test } from 'node:test';
import { run, type RunOptions } from '../../../kit/sim/cluster.ts';
import { generate, sizeOf } from '../../../kit/sim/generate.ts';
import { show, type History } from '../../../kit/sim/history.ts';
import { shrink } from '../../../kit/sim/shrink.ts';
import type { Counters } from '../../../kit/sim/world.ts';

/** Branches that a suite must have been in, or it has tested nothing of them. */
const RARE = [
  'apply raced',
  'apply stale',
  'apply failed',
  'retired',
  'moved',
  'recovered intents',
  'fetch unavailable',
  'fetch staged',
  'hot',
  'undecided',
  'events lost',
  'resumed',
  'approved',
  'rejected',
  'EIO',
];

/** `count` histories from the seed on, all policies among them; none may break an invariant. */
export function histories(title: string, firstSeed: number, count: number, options: RunOptions = {}): void {
  const asked = process.env['CSYNCD_HISTORY'];
  if (asked !== undefined) {
    const seed = Number(asked);
    if (sizeOf(seed) !== sizeOf(firstSeed)) return;
    test(`${title}: seed ${seed}`, () => judge(generate(seed), options, new Map()));
    return;
  }
  test(`${title}: ${count} histories from seed ${firstSeed}`, () => {
    const counters: Counters = new Map();
    for (let seed = firstSeed; seed < firstSeed + count; seed++) judge(generate(seed), options, counters);
    for (const branch of RARE) assert.ok((counters.get(branch) ?? 0) > 0, `no history came to: ${branch}`);
  });
}

/** Runs one history; a failing one is shrunk, and told with what it takes to see it again. */
export function judge(history: History, options: RunOptions, counters: Counters): void {
  const { error, counters: counted } = run(history, options);
  for (const [what, number] of counted) counters.set(what, (counters.get(what) ?? 0) + number);
  if (error === null) return;
  const small = shrink(history, (candidate) => kindOf(run(candidate, options).error) === kindOf(error), 300);
  const last = run(small, { ...options, readable: true });
  throw new Error(
    [
      `seed ${history.seed}: ${error.message}`,
      `again: CSYNCD_HISTORY=${history.seed}; as small as it gets (for test/regressions):`,
      JSON.stringify(small),
      show(small),
      ...(last.trace.lines ?? []).slice(-60),
    ].join('\n'),
    { cause: last.error ?? error },
  );
}

/** What makes two failures the same fault. */
function kindOf(error: Error | null): string | undefined {
  return error?.message.split(':')[0];
}

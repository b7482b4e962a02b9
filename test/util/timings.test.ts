import assert from 'node:assert/strict';
import { it } from 'node:test';
import { spent, timed, timings } from '../../src/util/timings.ts';

const total = (phase: string) => timings().find((timing) => timing.phase === phase);

it('adds up time and runs by phase, also of work that fails', () => {
  spent('scan', 5);
  spent('scan', 2.5);
  assert.deepEqual(total('scan'), { phase: 'scan', ms: 7.5, runs: 2 });
  assert.equal(
    timed('hash', () => 'result'),
    'result',
  );
  assert.throws(() =>
    timed('hash', () => {
      throw new Error('no');
    }),
  );
  assert.equal(total('hash')?.runs, 2);
  assert.equal(total('commit'), undefined);
});

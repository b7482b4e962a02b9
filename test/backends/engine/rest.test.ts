import assert from 'node:assert/strict';
import { it, mock } from 'node:test';
import { Rest } from '../../../src/backends/engine/rest.ts';

const PERIOD = 10_000;

it('rests once after much work, when a while has passed with little', () => {
  mock.timers.enable({ apis: ['setInterval'] });
  let worked = 0;
  let rests = 0;
  const rest = new Rest(
    () => {
      rests += 1;
      worked += 200;
    },
    () => worked,
  );
  const pass = (work: number): number => {
    worked += work;
    mock.timers.tick(PERIOD);
    return rests;
  };
  rest.start();
  try {
    assert.equal(pass(400), 0, 'still starting');
    assert.equal(pass(100), 0, 'what little was done is not worth it');
    assert.equal(pass(5_000), 0, 'at work');
    assert.equal(pass(100), 1);
    assert.equal(pass(100), 1, 'nothing to give back again');
    for (let n = 0; n < 18; n++) pass(100);
    assert.equal(pass(100), 2, 'little by little it was much');
  } finally {
    rest.stop();
    mock.timers.reset();
  }
});

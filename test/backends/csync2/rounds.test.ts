import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Rounds } from '../../../src/backends/csync2/rounds.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('rounds never overlap, and what is asked for meanwhile is done once more', async () => {
  let done = 0;
  let gate = Promise.withResolvers<void>();
  const rounds = new Rounds(async () => {
    await gate.promise;
    done++;
  });
  for (let i = 0; i < 5; i++) rounds.ask();
  gate.resolve();
  await turn();
  assert.equal(done, 2, 'the first, and one for all others');
  gate = Promise.withResolvers();
  rounds.ask();
  rounds.ask();
  const stopped = rounds.stop();
  gate.resolve();
  await stopped;
  assert.equal(done, 3, 'what is under way ends, the next does not begin');
  rounds.ask();
  rounds.start(1);
  await turn();
  assert.equal(done, 3);
});

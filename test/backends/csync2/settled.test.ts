import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { GroupRun } from '../../../src/backends/csync2/group-run.ts';
import type { Csync2Mapping } from '../../../src/backends/csync2/mapping.ts';
import { waitSettled } from '../../../src/backends/csync2/settled.ts';
import { Turns } from '../../../src/backends/csync2/turns.ts';

function runWith(owed: () => readonly string[], isDue: () => boolean = () => false) {
  const turns = new Turns();
  let hurries = 0;
  const local = {
    alone: <T>(work: () => Promise<T>, signal?: AbortSignal) => turns.run('check', work, signal),
    table: { owedNames: () => Promise.resolve(owed()) },
  };
  const pathOf = (name: string): string => name.slice('%p%/'.length);
  const mapping = {
    parts: { local, rootName: '%p%' },
    pathOf,
    nameOf: (path: string) => `%p%/${path}`,
  } as unknown as Csync2Mapping;
  const run = {
    local,
    group: { role: 'full' },
    others: [{ node: 'web2', host: '10.0.0.2' }],
    meetings: { isDue },
    sending: { hurry: () => hurries++ },
  } as unknown as GroupRun;
  return { run, mapping, turns, hurries: () => hurries };
}

it('waits until nothing is owed, and has it sent at once', async () => {
  let left = 3;
  const { run, mapping, hurries } = runWith(() => (left-- > 0 ? ['%p%/f'] : []));
  const result = await waitSettled(run, [mapping], null, AbortSignal.timeout(60_000));
  assert.deepEqual(result, { complete: true, waiting: [] });
  assert.equal(hurries(), 1, 'not in every moment');
});

it('ends at the time-out also while csync2 works on the database for long, with what is owed', async () => {
  const { run, mapping, turns } = runWith(() => ['%p%/f']);
  const work = Promise.withResolvers<void>();
  const update = turns.run('update', () => work.promise);
  const result = await waitSettled(run, [mapping], null, AbortSignal.timeout(50));
  assert.deepEqual(result, {
    complete: false,
    waiting: [{ peer: 'web2', count: 1, paths: ['f'] }],
  });
  work.resolve();
  await update;
});

it('waits for a first meeting, before which nobody knows what is owed', async () => {
  let meetings = 2;
  const { run, mapping } = runWith(
    () => [],
    () => meetings-- > 0,
  );
  assert.equal((await waitSettled(run, [mapping], null, AbortSignal.timeout(60_000))).complete, true);
  assert.ok(meetings < 0);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXCLUDED, SHARED, assertGone, assertHas, sameEverywhere, withCsync2 } from './data.ts';

test('from csync2 with cron, and back, as docs/MIGRATING.md has it', async (t) => {
  const { made, web1, web2, web3, way } = await withCsync2(t, 'From csync2 with cron', {
    files: ['edited', 'deleted', 'renamed'],
  });
  await way.step('Prepare');

  // Not seen by csync2 yet when its cron job goes.
  web1.put(`${SHARED}/edited`, 'on web1');
  web2.remove(`${SHARED}/deleted`);
  await web3.must(`cd ${SHARED} && mv renamed moved && mkdir new && echo fresh >new/file`);
  await way.step('Let csync2 finish');
  // Changes are free all the time, deletions are held.
  web3.put(`${SHARED}/meanwhile`, 'written while nothing ran');
  await way.step('Switch over');
  await sameEverywhere(made, SHARED, EXCLUDED);
  const isRight = () => {
    assertHas(made, `${SHARED}/edited`, 'on web1');
    assertHas(made, `${SHARED}/new/file`, 'fresh\n');
    assertHas(made, `${SHARED}/meanwhile`, 'written while nothing ran');
    for (const name of ['deleted', 'renamed']) assertGone(made, `${SHARED}/${name}`);
    for (const host of made.all) assert.equal(host.read(`${SHARED}/cache/own`), host.name);
  };
  isRight();

  // The old way is off.
  assert.deepEqual(await made.minute(), []);
  for (const host of made.all) assert.ok(!host.programs().includes('csync2'), host.name);
  web2.remove(`${SHARED}/site/1`);
  web3.put(`${SHARED}/edited`, 'on web3, by csyncd');
  await made.at('web3').must('csyncd sync --wait');
  await made.at('web2').must('csyncd sync --wait');

  await way.step('The way back');
  way.done();
  for (const host of made.all) assert.deepEqual(host.programs(), ['csync2'], host.name);
  assertGone(made, `${SHARED}/site/1`);
  assertHas(made, `${SHARED}/edited`, 'on web3, by csyncd');
  web1.remove(`${SHARED}/moved`);
  web2.put(`${SHARED}/after`, 'carried by csync2');
  assert.deepEqual(await made.minute(), []);
  assert.deepEqual(await made.minute(), []);
  assertGone(made, `${SHARED}/moved`);
  assertHas(made, `${SHARED}/after`, 'carried by csync2');
});

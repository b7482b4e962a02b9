import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXCLUDED, SHARED, assertGone, assertHas, sameEverywhere, withCsync2 } from './data.ts';

test('csync2 under csyncd, and then the engine, and back, as docs/MIGRATING.md has it', async (t) => {
  const { made, web1, web2, web3, way } = await withCsync2(t, 'csync2 under csyncd, and then the engine', {
    files: ['edited', 'deleted', 'renamed'],
  });
  // Cron has not seen it yet.
  web2.remove(`${SHARED}/deleted`);
  web3.put(`${SHARED}/unsent`, 'while cron was on');
  await way.step('csyncd drives csync2');
  assertGone(made, `${SHARED}/deleted`);
  assertHas(made, `${SHARED}/unsent`, 'while cron was on');
  assert.deepEqual(await made.minute(), []);

  web3.put(`${SHARED}/edited`, 'on web3');
  web1.remove(`${SHARED}/site/3`);
  for (const host of [web1, web3]) await host.must('csyncd sync --wait');
  assertGone(made, `${SHARED}/site/3`);
  await way.step('Back to cron');
  assertGone(made, `${SHARED}/site/3`);
  assertHas(made, `${SHARED}/edited`, 'on web3');
  web2.put(`${SHARED}/by-cron`, 'by cron');
  assert.deepEqual(await made.minute(), []);
  assertHas(made, `${SHARED}/by-cron`, 'by cron');
  await way.step('And over again');
  assertGone(made, `${SHARED}/site/3`);

  // Not carried yet when the step to the engine begins.
  web1.put(`${SHARED}/edited`, 'on web1');
  web2.remove(`${SHARED}/by-cron`);
  await web3.must(`cd ${SHARED} && mv renamed moved`);
  await way.step('From csync2 to the engine');
  const isRight = async () => {
    assertHas(made, `${SHARED}/edited`, 'on web1');
    assertHas(made, `${SHARED}/moved`, 'first');
    for (const name of ['deleted', 'renamed', 'by-cron', 'site/3']) assertGone(made, `${SHARED}/${name}`);
    for (const host of made.all) assert.equal(host.read(`${SHARED}/cache/own`), host.name);
  };
  await sameEverywhere(made, SHARED, EXCLUDED);
  await isRight();
  for (const host of made.all) assert.ok(!host.programs().includes('csync2'), host.name);

  web1.remove(`${SHARED}/moved`);
  web2.put(`${SHARED}/by-engine`, 'by the engine');
  await way.step('From the engine back to csync2');
  way.done();
  assertHas(made, `${SHARED}/by-engine`, 'by the engine');
  assertGone(made, `${SHARED}/moved`);
  web3.remove(`${SHARED}/by-engine`);
  await web3.must('csyncd sync --wait');
  assertGone(made, `${SHARED}/by-engine`);
});

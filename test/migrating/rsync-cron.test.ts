import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hosts } from '../kit/hosts/hosts.ts';
import { Walk } from '../kit/hosts/walk.ts';
import { NAMES, SHARED, assertGone, assertHas, putTree, sameEverywhere } from './data.ts';

test('from rsync in cron, and back, as docs/MIGRATING.md has it', async (t) => {
  const made = await hosts(t, NAMES);
  const [web1, web2, web3] = NAMES.map((name) => made.at(name));
  assert.ok(web1 && web2 && web3);
  const way = new Walk(made, 'docs/MIGRATING.md', 'From rsync in cron');

  await way.step('What there is');
  for (const host of made.all) host.put(`${SHARED}/cache/own`, host.name);
  putTree(web1, SHARED);
  for (const name of ['edited', 'deleted', 'theirs']) web1.put(`${SHARED}/${name}`, 'first');
  assert.deepEqual(await made.minute(), []);
  await way.step('Prepare');

  // What rsync has not carried yet, and what somebody did on a mirror.
  web1.put(`${SHARED}/edited`, 'on web1');
  web1.remove(`${SHARED}/deleted`);
  web2.put(`${SHARED}/leftover`, 'only on web2');
  web3.put(`${SHARED}/theirs`, 'newer, on web3');
  await way.step('Switch over');
  assert.deepEqual(await made.minute(), []);
  const isRight = async () => {
    await sameEverywhere(made, SHARED, ['cache']);
    assertHas(made, `${SHARED}/edited`, 'on web1');
    assertHas(made, `${SHARED}/theirs`, 'first');
    for (const name of ['deleted', 'leftover']) assertGone(made, `${SHARED}/${name}`);
    for (const host of made.all) assert.equal(host.read(`${SHARED}/cache/own`), host.name);
  };
  await isRight();
  assert.match(await web2.must('csyncd backups list'), /shared:leftover/);
  assert.match(await web3.must('csyncd backups list'), /shared:theirs/);

  await way.step('Let all nodes write');
  await isRight();
  web3.put(`${SHARED}/written`, 'on web3');
  web2.remove(`${SHARED}/site/2`);
  for (const host of [web2, web3]) await host.must('csyncd sync --wait');
  assertHas(made, `${SHARED}/written`, 'on web3');
  assertGone(made, `${SHARED}/site/2`);

  await way.step('The way back');
  way.done();
  for (const host of made.all) assert.deepEqual(host.programs(), [], host.name);
  web1.remove(`${SHARED}/written`);
  assert.deepEqual(await made.minute(), []);
  assertGone(made, `${SHARED}/written`);
  assertGone(made, `${SHARED}/site/2`);
  assert.ok(web2.exists(`${SHARED}/.csyncd/backup`), 'the backups are still there');
});

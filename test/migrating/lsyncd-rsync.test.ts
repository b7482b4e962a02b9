import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../kit/cluster/until.ts';
import { hosts } from '../kit/hosts/hosts.ts';
import { Walk } from '../kit/hosts/walk.ts';
import { NAMES, SHARED, assertGone, assertHas, putTree, sameEverywhere } from './data.ts';

test('from lsyncd with rsync, and back, as docs/MIGRATING.md has it', async (t) => {
  const made = await hosts(t, NAMES);
  const [web1, web2, web3] = NAMES.map((name) => made.at(name));
  assert.ok(web1 && web2 && web3);
  const way = new Walk(made, 'docs/MIGRATING.md', 'From lsyncd with rsync');

  await way.step('What there is');
  for (const host of made.all) host.put(`${SHARED}/cache/own`, host.name);
  putTree(web1, SHARED);
  for (const name of ['edited', 'deleted', 'theirs']) web1.put(`${SHARED}/${name}`, 'first');
  await web1.must('systemctl start lsyncd');
  // lsyncd has carried it all; the mtimes of symlinks it does not carry.
  await sameEverywhere(made, SHARED, ['cache', 'link']);
  await way.step('Prepare');

  web2.put(`${SHARED}/leftover`, 'only on web2');
  web3.put(`${SHARED}/theirs`, 'newer, on web3');
  // lsyncd waits a second before it carries anything.
  web1.put(`${SHARED}/edited`, 'on web1');
  web1.remove(`${SHARED}/deleted`);
  await way.step('Switch over');
  await sameEverywhere(made, SHARED, ['cache']);
  assertHas(made, `${SHARED}/edited`, 'on web1');
  assertHas(made, `${SHARED}/theirs`, 'first');
  for (const name of ['deleted', 'leftover']) assertGone(made, `${SHARED}/${name}`);
  for (const host of made.all) {
    assert.equal(host.read(`${SHARED}/cache/own`), host.name);
    assert.ok(!host.programs().includes('lsyncd'));
  }
  assert.match(await web2.must('csyncd backups list'), /shared:leftover/);
  assert.match(await web3.must('csyncd backups list'), /shared:theirs/);

  web1.put(`${SHARED}/by-csyncd`, 'from web1');
  await way.step('The way back');
  way.done();
  assertHas(made, `${SHARED}/by-csyncd`, 'from web1');
  web1.put(`${SHARED}/by-lsyncd`, 'from web1');
  web1.remove(`${SHARED}/by-csyncd`);
  await until(
    'lsyncd carries it',
    () => web3.exists(`${SHARED}/by-lsyncd`) && !web2.exists(`${SHARED}/by-csyncd`),
  );
  assert.ok(web2.exists(`${SHARED}/.csyncd/backup`), 'the backups are still there');
});

/** Actions of a group that csync2 serves: on which node each runs, for which paths, and what a slow one costs. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../../kit/cluster.ts';
import { actionsCluster, ranForMany } from '../../kit/csync2/action-calls.ts';

test('actions run on the nodes that they are for, with the paths that they are for', async (t) => {
  const actions = await actionsCluster(t);
  const { made, callsOf, forget, ranFor } = actions;
  const { a, b, c } = made.nodes;

  await t.test('for a change, once on each node', async () => {
    a.put('etc/x.conf', 'x');
    a.put('etc/other', 'x');
    await ranFor(a, ['etc/x.conf']);
    await made.converged();
    const counts = made.all.map((node) => `${node.name} ${callsOf(node, 'everywhere').length}`);
    assert.deepEqual(counts, ['a 1', 'b 1', 'c 1']);
  });

  await t.test('for an edit and a deletion, from another node', async () => {
    forget();
    b.put('etc/x.conf', 'edited, longer');
    await ranFor(b, ['etc/x.conf']);
    await made.settled();
    forget();
    c.remove('etc/x.conf');
    await ranFor(c, ['etc/x.conf']);
    await made.settled();
  });

  await t.test('for 200 files at once', () => ranForMany(actions, 200));

  await t.test('one that takes too long is ended and told of, and the files go on', async () => {
    a.put('slow', 'x');
    for (const node of [b, c]) {
      const log = join(node.place.stateDir, 'csync2/web/actions.log');
      const isTold = (): boolean =>
        fs.existsSync(log) && fs.readFileSync(log, 'utf8').includes('longer than 1000 ms');
      await until(`${node.name} has ended it`, isTold);
    }
    a.put('later', 'x');
    await until('the next change arrives', () => b.exists('later') && c.exists('later'));
    assert.equal(fs.readFileSync(join(a.place.stateDir, 'csync2/web/actions.log'), 'utf8'), '');
  });

  await made.proveEqual();
});

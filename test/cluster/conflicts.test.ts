import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { cluster } from '../kit/cluster.ts';
import type { ClusterNode } from '../kit/cluster.ts';
import { apart, backupsOf } from '../kit/cluster/apart.ts';

test('what is no conflict, and what survives one, under the default policy', async (t) => {
  const made = await cluster(t, { nodes: ['a', 'b', 'c'] });
  const { a, c } = made.nodes;
  const conflicts = async () => (await a.cli('conflicts', 'list', '--json')).json;

  await t.test('equal content written on all is no conflict', async () => {
    const same = (node: ClusterNode) => {
      node.put('same', 'the same everywhere');
      fs.utimesSync(node.path('same'), 1_000_000, 1_000_000);
    };
    await apart(made, { a: same, b: same, c: same });
    await made.converged();
    assert.deepEqual(await conflicts(), []);
    assert.deepEqual(await backupsOf(a, 'same'), []);
  });

  await t.test('an edit survives a concurrent deletion', async () => {
    a.put('edited', 'old');
    await made.converged();
    await apart(made, {
      a: (node) => node.remove('edited'),
      b: (node) => node.put('edited', 'new'),
      c: (node) => node.remove('edited'),
    });
    await made.converged();
    assert.equal(c.read('edited'), 'new');
  });

  await t.test('a file created in a directory that is deleted elsewhere revives the directory', async () => {
    a.put('dir/sub/old', 'old');
    await made.converged();
    await apart(made, { a: (node) => node.remove('dir'), b: (node) => node.put('dir/sub/new', 'new') });
    await made.converged();
    assert.equal(c.read('dir/sub/new'), 'new');
    assert.ok(!c.exists('dir/sub/old'));
  });

  await t.test(
    'a directory with content survives a file of the same name, which is in the backup',
    async () => {
      await apart(made, {
        a: (node) => node.put('kind', 'a file'),
        b: (node) => node.put('kind/inside', 'below'),
      });
      await made.converged();
      assert.equal(a.read('kind/inside'), 'below');
      assert.equal((await backupsOf(a, 'kind')).length, 1);
    },
  );

  await t.test('three edits of one file at once: one wins everywhere', async () => {
    a.put('busy', 'start');
    await made.converged();
    for (let round = 0; round < 10; round++)
      for (const node of made.all) node.put('busy', `${node.name} ${round}`);
    await made.converged();
    assert.match(a.read('busy') ?? '', /^[abc] 9$/);
  });

  await t.test('and all nodes agree that they are equal', () => made.proveEqual());
});

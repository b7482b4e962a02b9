/** A group that goes from csync2 to the engine and back, node by node, by `csyncd reload`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until, type ClusterNode } from '../../kit/cluster.ts';
import { csync2Cluster } from '../../kit/csync2/cluster.ts';
import { reload, type GroupKeys } from '../../kit/csync2/config.ts';

test('a group goes from csync2 to the engine, back, and over again, on the same port', async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b', 'c'] });
  const { a, b, c } = made.nodes;
  let csync2: unknown = null;
  const toEngine = (group: GroupKeys): void => {
    csync2 = group['csync2'];
    delete group['csync2'];
    group['backend'] = 'engine';
  };
  const toCsync2 = (group: GroupKeys): void => {
    Object.assign(group, { backend: 'csync2', csync2 });
  };
  /** `during` is called between one node and the next. */
  const turn = async (
    change: (group: GroupKeys) => void,
    during: (done: ClusterNode, at: number) => void,
  ): Promise<void> => {
    for (const [at, node] of made.all.entries()) {
      await reload(node, change);
      during(node, at);
    }
    await Promise.all(made.all.map((node) => node.live()));
    await made.connected();
  };

  for (const name of ['kept', 'edited', 'gone', 'gone later', 'dir/f']) a.put(name, 'x');
  await made.converged();
  b.remove('gone');
  await made.converged();
  await made.settled();

  await t.test('to the engine', async () => {
    // One node is over, the others are not.
    await turn(toEngine, (node, at) => {
      node.put(`written at ${at}`, 'x');
      if (at < 2) made.all[2 - at]?.put('edited', `edited while ${at} is over`);
    });
    await made.converged();
    assert.equal(a.read('edited'), 'edited while 1 is over');
    assert.ok(made.all.every((node) => !node.exists('gone')));
    for (const at of [0, 1, 2]) assert.ok(a.exists(`written at ${at}`), `${at}`);
    await made.proveEqual();
  });

  await t.test('changed and deleted under the engine', async () => {
    a.remove('gone later');
    b.rename('dir', 'moved');
    c.put('by the engine', 'x');
    a.put('kept', 'edited by the engine');
    await made.converged();
    await made.settled();
  });

  const nothingComesBack = (): void => {
    for (const node of made.all) {
      for (const name of ['gone', 'gone later', 'dir'])
        assert.ok(!node.exists(name), `${node.name}: ${name}`);
      assert.equal(node.read('kept'), 'edited by the engine');
      assert.ok(node.exists('by the engine') && node.exists('moved/f'));
    }
  };

  await t.test('back to csync2', async () => {
    await turn(toCsync2, (node, at) => node.put(`back at ${at}`, 'x'));
    await made.converged();
    await made.settled();
    nothingComesBack();
    for (const at of [0, 1, 2]) assert.ok(c.exists(`back at ${at}`), `${at}`);
    await made.proveEqual();
  });

  await t.test('and changed under csync2', async () => {
    a.remove('by the engine');
    b.put('by csync2', 'x');
    c.put('kept', 'edited by csync2');
    await until('all have it', () =>
      made.all.every((node) => !node.exists('by the engine') && node.read('kept') === 'edited by csync2'),
    );
    await made.converged();
    await made.settled();
  });

  await t.test('to the engine again', async () => {
    await turn(toEngine, () => undefined);
    await made.converged();
    await made.settled();
    for (const node of made.all) {
      assert.ok(!node.exists('by the engine') && !node.exists('gone later'), node.name);
      assert.equal(node.read('kept'), 'edited by csync2');
      const { json } = await node.cli('conflicts', 'list', '--json');
      assert.deepEqual(json, [], node.name);
    }
    await made.proveEqual();
  });
});

/** Three hosts, real csync2, csyncd in front of it: what people do every day. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { until } from '../../kit/cluster.ts';
import { csync2Cluster } from '../../kit/csync2/cluster.ts';

test('three hosts keep their directories equal by csync2', async (t) => {
  const made = await csync2Cluster(t, {
    nodes: ['a', 'b', 'c'],
    mapping: { exclude: ['.*.swp', '*~', '/cache/**'] },
  });
  const { a, b, c } = made.nodes;

  await t.test('files of every kind, from each node', async () => {
    a.put('by-a', 'a');
    b.put('dir/by b', 'b');
    c.put('deep/er/by-c', 'c');
    a.put('empty', '');
    a.mkdir('empty-dir');
    a.symlink('by-a', 'link');
    b.symlink('nowhere at all', 'dangling');
    c.put('p%rcent and ünïcode', 'x');
    execFileSync('mkfifo', [c.path('fifo')]);
    fs.writeFileSync(
      Buffer.concat([Buffer.from(`${a.root}/`), Buffer.from([0x66, 0xff, 0x0a, 0x6e])]),
      'raw bytes',
    );
    await made.converged();
  });

  await t.test('edits, modes, owners, times', async () => {
    a.put('dir/by b', 'edited by a');
    fs.chmodSync(b.path('by-a'), 0o640);
    fs.chownSync(c.path('empty'), 1234, 4321);
    fs.utimesSync(b.path('deep/er/by-c'), 1_000_000_000, 1_000_000_000);
    fs.chmodSync(a.path('empty-dir'), 0o2750);
    await made.converged();
  });

  await t.test('a file that is changed twice within a second, with the same size', async () => {
    for (let turn = 0; turn < 3; turn += 1) {
      a.put('twice', `first ${turn}`);
      await until('it is sent', () => b.read('twice') === `first ${turn}`);
      a.put('twice', `other ${turn}`);
      await until(
        'the other is sent as well',
        () => b.read('twice') === `other ${turn}` && c.read('twice') === `other ${turn}`,
      );
    }
  });

  await t.test('deletions, renames, changes of the kind', async () => {
    a.remove('empty');
    b.rename('dir', 'renamed');
    c.remove('deep');
    a.remove('by-a');
    a.mkdir('by-a');
    b.remove('dangling');
    b.put('dangling', 'a file now');
    await made.converged();
    assert.ok(!b.exists('empty') && !a.exists('dir') && !a.exists('deep'));
  });

  await t.test('what is excluded stays where it is', async () => {
    a.put('.x.swp', 'x');
    a.put('cache/x', 'x');
    a.put('marker', 'x');
    await until('the marker is everywhere', () => b.exists('marker') && c.exists('marker'));
    assert.ok(!b.exists('.x.swp') && !b.exists('cache/x') && b.exists('cache'));
    a.remove('.x.swp');
    a.remove('cache');
  });

  await t.test('and all nodes agree that they are equal', () => made.proveEqual());
});

test('a change costs one check and one update a peer on its node, and nothing on the others', async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b', 'c'] });
  const { a, b, c } = made.nodes;
  a.put('first', 'x');
  await made.converged();
  await made.settled();
  for (let turn = 0; turn < 5; turn += 1) {
    made.runs();
    a.put('one', `content ${turn}`);
    await until('both have it', () => [b, c].every((node) => node.read('one') === `content ${turn}`));
    await made.settled();
    const counted = made
      .runs()
      .map(({ node, kind }) => `${node} ${kind}`)
      .sort();
    assert.deepEqual(counted, ['a check', 'a update', 'a update']);
  }
});

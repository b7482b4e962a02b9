/** Looks at the disk that meet other work, or break off. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Value } from '../../../../src/backends/engine/core/types.ts';
import { LookJob } from '../../../../src/backends/engine/sync/look-job.ts';
import { DIR, file, GONE } from '../core/arbitrary.ts';
import { Node, path, Wire } from './kit.ts';

test('a decision over a held deletion is of no use to another scan than the one it was for', () => {
  const a = new Node('n1').live();
  const names = Array.from({ length: 150 }, (_, index) => `f${index}`);
  a.find(Object.fromEntries(names.map((name) => [name, file('a')])));
  const gone = Object.fromEntries(names.map((name) => [name, GONE]));
  a.find(gone);
  a.replica.looking.decide('approved');
  a.replica.lookFailed(new LookJob([{ path: path(''), scope: 'subtree' }]));
  a.find(gone);
  assert.equal(a.replica.shared.rows.totals().files, 150, 'the root may have vanished since');
});

test('a decision is not used up by a scan that was under way when it was made', () => {
  const a = new Node('n1').live();
  const names = Array.from({ length: 150 }, (_, index) => `f${index}`);
  a.find(Object.fromEntries(names.map((name) => [name, file('a')])));
  const gone = Object.fromEntries(names.map((name) => [name, GONE]));
  a.find(gone);
  a.find(gone, () => a.replica.looking.decide('approved'));
  assert.equal(a.replica.shared.rows.totals().files, 150, 'that scan may have forgotten some of them');
  a.find(gone);
  assert.equal(a.replica.shared.rows.totals().files, 0);
});

test('a single name whose look broke off is looked at again', () => {
  const a = new Node('n1').live();
  a.replica.lookFailed(new LookJob([{ path: path('f'), scope: 'entry' }]));
  const due = a.replica.nextDue();
  assert.ok(due !== null);
  a.time = due;
  a.replica.step();
  assert.deepEqual(a.asked.looks, [{ path: 'f', scope: 'entry' }]);
});

suite('a local edit', () => {
  test('is taken up while a version from elsewhere is being fetched', () => {
    const a = new Node('n1').live();
    const b = new Node('n2').live();
    b.fetch = () => undefined;
    const wire = new Wire([a, b]);
    wire.link();
    a.find({ f: file('a', { mtimeNs: 1n }) });
    wire.settle(100);
    b.find({ f: file('b', { mtimeNs: 2n }) });
    wire.settle(100);
    assert.deepEqual(a.replica.shared.table.get(path('f')).applied?.value, file('b', { mtimeNs: 2n }));
  });
});

suite('something in the place of a directory whose deletion is held', () => {
  const LINK: Value = { kind: 'symlink', target: 'releases/5', mtimeNs: 5n, owner: 'u:g' };
  const names = Array.from({ length: 150 }, (_, index) => `current/f${index}`);
  const full = { current: DIR, ...Object.fromEntries(names.map((name) => [name, file('a')])) };
  const swapped = { current: LINK, ...Object.fromEntries(names.map((name) => [name, GONE])) };
  const made = () => {
    const [a, b] = [new Node('n1').live(), new Node('n2').live()];
    const wire = new Wire([a, b]);
    wire.link();
    a.find(full);
    wire.settle();
    a.find(swapped);
    wire.settle();
    return { a, b, wire };
  };
  const shows = (node: Node, name: string) => node.replica.shared.table.get(path(name)).applied?.value;

  test('is held too', () => {
    const { a, b, wire } = made();
    assert.equal(a.replica.looking.held?.deletions, 150);
    for (const node of [a, b]) {
      assert.deepEqual(shows(node, 'current'), DIR);
      assert.deepEqual(node.applyAll(), []);
    }
    a.find(swapped);
    wire.settle();
    assert.equal(a.replica.looking.held?.deletions, 150, 'it is found as often as it is looked for');
  });

  test('goes out with the deletion when that is approved', () => {
    const { a, b, wire } = made();
    a.replica.looking.decide('approved');
    a.find(swapped);
    assert.deepEqual(a.applyAll(), [], 'its own disk shows all of it');
    wire.settle();
    for (const node of [a, b]) {
      assert.deepEqual(shows(node, 'current'), LINK);
      assert.equal(node.replica.shared.rows.totals().files, 0);
    }
  });

  test('gives way, into the backup, when that is rejected', () => {
    const { a, b, wire } = made();
    a.replica.looking.decide('rejected');
    a.find(swapped);
    wire.settle();
    for (const node of [a, b]) {
      assert.deepEqual(shows(node, 'current'), DIR);
      assert.equal(node.replica.shared.rows.totals().files, 150);
    }
    const [kept] = a.replica.shared.rows.backups(path('current'));
    assert.deepEqual(kept?.value, LINK);
  });
});

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { sameRow } from '../../../../src/backends/engine/core/row.ts';
import { MemoryStore } from '../../../../src/backends/engine/store/memory.ts';
import type { Value } from '../../../../src/backends/engine/core/types.ts';
import { DIR, file, GONE } from '../core/arbitrary.ts';
import { LookJob } from '../../../../src/backends/engine/sync/look-job.ts';
import { Node, path, Wire } from './kit.ts';

function three(settings: ConstructorParameters<typeof Node>[1] = {}): [Node, Node, Node, Wire] {
  const nodes: [Node, Node, Node] = [
    new Node('n1', settings).live(),
    new Node('n2', settings).live(),
    new Node('n3', settings).live(),
  ];
  const wire = new Wire(nodes);
  wire.link();
  return [...nodes, wire];
}

function onDisk(node: Node, name: string): Value | null {
  return node.replica.shared.rows.get(path(name))?.applied?.value ?? null;
}

function assertSame(nodes: readonly Node[], name: string): void {
  const [first, ...others] = nodes.map((node) => node.replica.shared.table.get(path(name)).row);
  assert.ok(first !== undefined);
  for (const row of others) assert.ok(sameRow(first, row), `${name}: rows differ`);
}

suite('changes', () => {
  test('I1: reach every other node, and are acknowledged', () => {
    const [a, b, c, wire] = three();
    a.find({ d: DIR, 'd/f': file('a') });
    wire.settle();
    for (const node of [b, c]) assert.deepEqual(onDisk(node, 'd/f'), file('a'));
    assertSame([a, b, c], 'd/f');
    for (const peer of [b, c]) assert.equal(a.replica.acked(peer.name), a.replica.shared.rows.lastSeq());
  });

  test('I2: then nobody says anything more', () => {
    const [a, , , wire] = three();
    a.find({ f: file('a') });
    wire.settle();
    wire.delivered = [];
    wire.settle(10_000);
    assert.deepEqual(wire.delivered, []);
  });

  test('are told once to each node by their author, and relayed by nobody', () => {
    const [a, , , wire] = three();
    wire.delivered = [];
    a.find({ f: file('a') });
    wire.settle();
    const rows = wire.delivered
      .filter(({ message }) => message.kind === 'rows')
      .map(({ from, to }) => `${from} ${to}`);
    assert.deepEqual(rows.sort(), ['n1 n2', 'n1 n3']);
  });

  test('are never told back to their author, however late he says what he knows', () => {
    const [a, b, , wire] = three();
    a.find({ f: file('a') });
    while (a.replica.pump(b.name));
    for (const { to, message } of a.sent.splice(0))
      if (to === b.name && message.kind === 'rows') b.replica.receive(a.name, message);
    b.applyAll();
    while (b.replica.pump(a.name));
    assert.deepEqual(
      b.sent.filter(({ to, message }) => to === a.name && message.kind === 'rows'),
      [],
    );
    wire.settle();
  });

  test('are relayed at once where author and receiver cannot reach each other', () => {
    const nodes = [new Node('n1').live(), new Node('n2').live(), new Node('n3').live()] as const;
    const wire = new Wire(nodes);
    wire.cut.add('n1 n3');
    wire.link();
    nodes[0].find({ f: file('a') });
    wire.settle(100);
    assert.deepEqual(onDisk(nodes[2], 'f'), file('a'));
  });

  test('a deletion removes the file and leaves a tombstone that an old row does not overcome', () => {
    const [a, b, c, wire] = three();
    a.find({ f: file('a') });
    wire.settle();
    const old = a.replica.shared.table.get(path('f'));
    b.find({ f: GONE });
    wire.settle();
    assert.deepEqual(onDisk(c, 'f'), GONE);
    c.replica.receive(a.name, {
      kind: 'rows',
      group: 'g',
      mapping: 'm',
      prev: 0,
      last: 0,
      rows: [{ path: path('f'), seq: 1, row: old.row, movedFrom: null, content: null }],
    });
    wire.settle();
    assert.deepEqual(onDisk(c, 'f'), GONE);
  });

  test('I7: the same file made on two nodes is no conflict', () => {
    const [a, b, c, wire] = three();
    a.find({ f: file('a') });
    b.find({ f: file('a') });
    wire.settle();
    assertSame([a, b, c], 'f');
    for (const node of [a, b, c]) assert.equal(node.replica.shared.rows.totals().conflicts, 0);
    assert.equal([...a.replica.shared.rows.backups(null)].length, 0);
  });

  test('I8: concurrent edits have one winner, the loser is in the backup of who had it, and the conflict ends', () => {
    const [a, b, c, wire] = three();
    a.find({ f: file('a', { mtimeNs: 5n }) });
    b.find({ f: file('b', { mtimeNs: 9n }) });
    wire.settle();
    for (const node of [a, b, c]) assert.deepEqual(onDisk(node, 'f'), file('b', { mtimeNs: 9n }));
    assertSame([a, b, c], 'f');
    assert.deepEqual(
      [...a.replica.shared.rows.backups(path('f'))].map(({ reason, node }) => ({ reason, node })),
      [{ reason: 'conflict', node: 'n2' }],
    );
    assert.equal(a.replica.shared.table.get(path('f')).row.siblings.length, 1);
  });

  test('I13: a file made in a directory that another node deletes revives the directory', () => {
    const [a, b, c, wire] = three();
    a.find({ d: DIR });
    wire.settle();
    a.find({ d: GONE });
    b.find({ 'd/f': file('a') });
    wire.settle();
    for (const node of [a, b, c]) {
      assert.deepEqual(onDisk(node, 'd'), DIR);
      assert.deepEqual(onDisk(node, 'd/f'), file('a'));
    }
  });
});

suite('a person decides', () => {
  test("under policy none nobody's bytes change until resolve, which every node follows", async () => {
    const { resolveConflict } = await import('../../../../src/backends/engine/sync/decisions.ts');
    const [a, b, c, wire] = three({ policy: 'none' });
    a.find({ f: file('a') });
    b.find({ f: file('b') });
    wire.settle();
    assert.deepEqual([onDisk(a, 'f'), onDisk(b, 'f'), onDisk(c, 'f')], [file('a'), file('b'), null]);
    resolveConflict(c.replica, path('f'), 'n2');
    wire.settle();
    for (const node of [a, b, c]) assert.deepEqual(onDisk(node, 'f'), file('b'));
  });

  test('a mass deletion is held, and sent when it is approved', () => {
    const [a, b, , wire] = three();
    const names = Array.from({ length: 150 }, (_, index) => `f${index}`);
    a.find(Object.fromEntries(names.map((name) => [name, file('a')])));
    wire.settle();
    const gone = Object.fromEntries(names.map((name) => [name, GONE]));
    a.find(gone);
    wire.settle();
    assert.deepEqual(a.replica.looking.held, { deletions: 150, files: 150 });
    assert.equal(a.audited.at(-1)?.what, 'held');
    assert.equal(b.replica.shared.rows.totals().files, 150);
    a.replica.looking.decide('approved');
    a.find(gone);
    wire.settle();
    assert.equal(b.replica.shared.rows.totals().files, 0);
  });

  test('a rejected mass deletion puts the files back', () => {
    const [a, b, , wire] = three();
    const names = Array.from({ length: 150 }, (_, index) => `f${index}`);
    a.find(Object.fromEntries(names.map((name) => [name, file('a')])));
    wire.settle();
    a.find(Object.fromEntries(names.map((name) => [name, GONE])));
    a.replica.looking.decide('rejected');
    a.find(Object.fromEntries(names.map((name) => [name, GONE])));
    wire.settle();
    for (const node of [a, b]) assert.equal(node.replica.shared.rows.totals().files, 150);
  });

  test("a receive node's own edit is not sent, is visible, and is reverted into the backup", async () => {
    const { revertEdits } = await import('../../../../src/backends/engine/sync/decisions.ts');
    const [a, b, c] = [
      new Node('n1').live(),
      new Node('n2').live(),
      new Node('n3', { receiveOnly: true }).live(),
    ];
    const wire = new Wire([a, b, c]);
    wire.link();
    a.find({ f: file('a') });
    wire.settle();
    c.find({ f: file('c') });
    wire.settle();
    assert.deepEqual(onDisk(a, 'f'), file('a'));
    assert.equal(c.replica.shared.rows.blocked(null, 9)[0]?.blocked?.code, 'local-edit');
    c.find({ f: file('c') });
    assert.equal(
      c.replica.shared.rows.blocked(null, 9)[0]?.blocked?.code,
      'local-edit',
      'another look does not hide it',
    );
    assert.equal(await revertEdits(c.replica), 1);
    wire.settle();
    assert.deepEqual(onDisk(c, 'f'), file('a'));
    assert.deepEqual(
      [...c.replica.shared.rows.backups(path('f'))].map(({ reason }) => reason),
      ['reverted'],
    );
  });

  test('a receive node that comes with the same content takes the metadata of the cluster: that is no edit', async () => {
    const [a, b] = [new Node('n1').live(), new Node('n2', { receiveOnly: true })];
    a.find({ f: file('a', { mtimeNs: 5n }), g: file('a') });
    const wire = new Wire([a, b]);
    b.replica.attach();
    wire.link();
    wire.settle();
    b.find({ f: file('a', { mtimeNs: 4n, mode: 0o600 }), g: file('b') });
    b.replica.scanned();
    wire.settle();
    assert.deepEqual(onDisk(b, 'f'), file('a', { mtimeNs: 5n }));
    assert.deepEqual(onDisk(b, 'g'), file('b'));
    const blocked = b.replica.shared.rows.blocked(null, 9);
    assert.deepEqual(
      blocked.map((row) => row.path),
      ['g'],
    );
  });

  test('a receive node that was never told what the cluster has reverts nothing', async () => {
    const { revertEdits } = await import('../../../../src/backends/engine/sync/decisions.ts');
    const [a, b] = [new Node('n1').live(), new Node('n2', { receiveOnly: true }).live()];
    a.find({ f: file('a') });
    b.find({ f: file('a'), extra: file('b') });
    await assert.rejects(revertEdits(b.replica), { code: 'cluster-unknown' });
    assert.deepEqual(onDisk(b, 'f'), file('a'));
    const wire = new Wire([a, b]);
    wire.link();
    wire.settle();
    assert.equal(await revertEdits(b.replica), 1);
    wire.settle();
    assert.deepEqual(onDisk(b, 'f'), file('a'));
    assert.equal(onDisk(b, 'extra'), null);
  });
});

suite('peers', () => {
  test('with another config exchange nothing, and both know', () => {
    const a = new Node('n1').live();
    const b = new Node('n2', { configHash: 'other' }).live();
    const wire = new Wire([a, b]);
    wire.link();
    a.find({ f: file('a') });
    wire.settle();
    assert.equal(a.replica.standing(b.name).kind, 'mismatch');
    assert.equal(b.replica.standing(a.name).kind, 'mismatch');
    assert.equal(onDisk(b, 'f'), null);
  });

  test('a peer that was away gets everything it missed', () => {
    const a = new Node('n1').live();
    const b = new Node('n2').live();
    a.find({ f: file('a'), g: file('b') });
    a.find({ f: GONE });
    const wire = new Wire([a, b]);
    wire.link();
    assert.deepEqual(onDisk(b, 'g'), file('b'));
    assert.equal(a.replica.acked(b.name), a.replica.shared.rows.lastSeq());
  });

  test('find each other in whatever order they take part', () => {
    const a = new Node('n1');
    const b = new Node('n2');
    const wire = new Wire([a, b]);
    wire.link();
    a.live();
    wire.settle();
    b.live();
    wire.settle();
    assert.equal(a.replica.standing(b.name).kind, 'open');
    assert.equal(b.replica.standing(a.name).kind, 'open');
    a.replica.detach('paused', 'for a moment');
    wire.settle();
    assert.equal(b.replica.standing(a.name).kind, 'closed');
    a.live().find({ f: file('a') });
    wire.settle();
    assert.deepEqual(onDisk(b, 'f'), file('a'));
  });

  test('a lost message is asked for again', () => {
    const [a, b, , wire] = three();
    wire.cut.add('n1 n2');
    a.find({ f: file('a') });
    wire.settle(20);
    wire.cut.clear();
    a.find({ g: file('b') });
    wire.settle();
    assert.deepEqual([onDisk(b, 'f'), onDisk(b, 'g')], [file('a'), file('b')]);
  });

  test('a node whose store is older than what it once announced is told so', () => {
    const [a, b, , wire] = three();
    a.find({ f: file('a') });
    wire.settle();
    const store = new MemoryStore();
    store.set('dots.epoch', a.store.get('dots.epoch') ?? '');
    const restored = new Node('n1', {}, store).live();
    restored.time = 1;
    const again = new Wire([restored, b]);
    again.link();
    assert.ok(restored.rolledBackTimes > 0);
  });
});

test('a path that could not be read, and is gone when it is looked at again, is no longer reported', () => {
  const a = new Node('n1').live();
  const look = (kind: 'hot' | null): void => {
    const job = new LookJob([{ path: path('f'), scope: 'entry' }]);
    a.replica.observed(job, kind === null ? [] : [{ path: path('f'), base: null, kind }]);
    a.replica.looked(job);
  };
  look('hot');
  assert.equal(a.replica.looking.hot.size, 1);
  look(null);
  assert.equal(a.replica.looking.hot.size, 0);
});

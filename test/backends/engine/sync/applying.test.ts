/** Rows that cannot be brought to the disk: they wait, and are tried again, without keeping others waiting. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Outcome } from '../../../../src/backends/engine/apply/change.ts';
import type { FetchRequest } from '../../../../src/backends/engine/sync/effects.ts';
import { file, GONE, identity } from '../core/arbitrary.ts';
import { Node, path, Wire } from './kit.ts';

function pair(): { a: Node; b: Node; wire: Wire } {
  const a = new Node('n1').live();
  const b = new Node('n2').live();
  const wire = new Wire([a, b]);
  wire.link();
  return { a, b, wire };
}

function many(count: number): Record<string, ReturnType<typeof file>> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, file('a')]));
}

/** Every change of the disk comes to this. */
function fail(node: Node, outcome: Outcome | null): void {
  node.outcome = outcome;
}

const EMPTY = file('e', { size: 0 });
const ENOSPC: Outcome = { kind: 'failed', code: 'ENOSPC', message: 'no space is left' };

test('the backup of what was placed and could not be flushed stays listed', () => {
  const { a, b, wire } = pair();
  a.find({ f: file('a') });
  wire.settle();
  fail(b, { kind: 'failed', code: 'EIO', message: 'cannot be flushed', backedUp: true });
  a.find({ f: file('b') });
  wire.settle(0);
  const listed = [...b.replica.shared.rows.backups(path('f'))].map(({ value }) => value);
  assert.deepEqual(listed, [file('a')]);
});

suite('content that nobody has', () => {
  test('is asked for again, all of it, when a peer comes', () => {
    const { a, b, wire } = pair();
    b.fetch = (request): void => {
      b.asked.fetches.push(request);
      b.replica.fetched(request, { kind: 'unavailable', reason: 'the author is away' });
    };
    const count = 1500;
    a.find(many(count));
    wire.settle(0);
    assert.equal(b.replica.shared.rows.totals().blocked, count);
    const asked: FetchRequest[] = [];
    b.fetch = (request): void => void asked.push(request);
    b.replica.unlinked(a.name);
    a.replica.unlinked(b.name);
    wire.link();
    assert.ok(asked.length > 1000 && asked.length < count, `${asked.length} at once`);
    while (asked.length > 0) {
      for (const request of asked.splice(0)) b.replica.fetched(request, { kind: 'staged', name: 'dl-x' });
      wire.settle(0);
    }
    assert.equal(b.replica.shared.rows.totals().blocked, 0);
    assert.equal(b.replica.shared.rows.totals().files, count);
  });

  test('that is slow to come keeps no row waiting that needs none', () => {
    const { a, b, wire } = pair();
    const asked: FetchRequest[] = [];
    b.fetch = (request): void => void asked.push(request);
    a.find(many(2000));
    wire.settle(0);
    assert.ok(asked.length < 2000, 'not everything is asked for at once');
    a.find({ empty: EMPTY });
    wire.settle(0);
    assert.ok(b.replica.shared.rows.get(path('empty'))?.applied);
    while (asked.length > 0) {
      for (const request of asked.splice(0)) b.replica.fetched(request, { kind: 'staged', name: 'dl-x' });
      wire.settle(0);
    }
    assert.equal(b.replica.shared.rows.totals().files, 2001);
  });
});

suite('a full disk', () => {
  test('is tried again after a while, and asks for no turn before', () => {
    const { a, b, wire } = pair();
    a.find({ f: EMPTY });
    fail(b, { kind: 'failed', code: 'EACCES', message: '' });
    wire.settle(0);
    a.find({ g: EMPTY });
    fail(b, ENOSPC);
    wire.settle(0);
    assert.equal(b.replica.applying.disk.problem?.code, 'ENOSPC');
    for (let turns = 0; turns < 10; turns++) {
      const due = b.replica.nextDue();
      assert.ok(due !== null && due > b.time, 'a turn is asked for that has nothing to do');
      if (due > b.time + 1000) break;
      b.time = due;
      b.replica.step();
    }
    fail(b, null);
    wire.settle(10_000);
    assert.equal(b.replica.applying.disk.problem, null);
    assert.equal(b.replica.shared.rows.totals().pending, 0);
  });

  test('is no problem any more when there is nothing left to write', () => {
    const { a, b, wire } = pair();
    fail(b, ENOSPC);
    a.find({ f: EMPTY });
    wire.settle(0);
    a.find({ f: GONE });
    wire.settle(10_000);
    assert.equal(b.replica.applying.disk.problem, null);
  });
});

test('what a receiving node was told to put back is put back after a restart', async () => {
  const { revertEdits } = await import('../../../../src/backends/engine/sync/decisions.ts');
  const [a, c] = [new Node('n1').live(), new Node('n3', { receiveOnly: true }).live()];
  a.find({ f: file('a') });
  const wire = new Wire([a, c]);
  wire.link();
  wire.settle();
  c.find({ own: file('c') });
  assert.equal(await revertEdits(c.replica), 1);
  const again = new Node('n3', { receiveOnly: true }, c.store).live();
  assert.deepEqual(
    again.applyAll().map((change) => change.to),
    [GONE],
  );
});

suite('metadata of which a part could not be set', () => {
  test('is no edit of this node, and is tried again', () => {
    const { a, b, wire } = pair();
    const old = file('a', { mode: 0o644 });
    const now = file('a', { mode: 0o600, owner: 'v:h' });
    const half = file('a', { mode: 0o644, owner: 'v:h' });
    a.find({ f: old });
    wire.settle();
    const left = { value: half, identity: identity('half') };
    fail(b, { kind: 'failed', code: 'EIO', message: 'an input/output error', left });
    a.find({ f: now });
    wire.settle(100);
    assert.equal(b.replica.shared.rows.get(path('f'))?.blocked?.code, 'EIO');
    b.find({ f: half });
    assert.deepEqual(
      b.audited.filter(({ result }) => result === 'sent'),
      [],
    );
    fail(b, null);
    wire.settle(120_000);
    for (const node of [a, b]) assert.deepEqual(node.replica.shared.rows.get(path('f'))?.applied?.value, now);
  });
});

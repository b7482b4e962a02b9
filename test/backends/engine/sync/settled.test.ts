/** `sync --wait`: what peers have on their disks, and what they say they have not. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { WaitResult } from '../../../../src/backends/backend.ts';
import { waitSettled } from '../../../../src/backends/engine/sync/settled.ts';
import { file } from '../core/arbitrary.ts';
import { Node, Wire } from './kit.ts';

/** How it stands now. */
function standing(node: Node, peer: Node, paths: readonly string[] | null): Promise<WaitResult> {
  return waitSettled(node, [peer.name], paths, AbortSignal.abort());
}

function linked(receiveOnly = false): { a: Node; b: Node; wire: Wire } {
  const a = new Node('n1').live();
  const b = new Node('n2', { receiveOnly }).live();
  const wire = new Wire([a, b]);
  wire.link();
  return { a, b, wire };
}

suite('a wait', () => {
  test('is over when the peer has everything', async () => {
    const { a, b, wire } = linked();
    a.find({ f: file('a') });
    assert.equal((await standing(a, b, null)).complete, false);
    wire.settle();
    assert.equal((await standing(a, b, null)).complete, true);
  });

  test('is not over while the peer cannot bring it to its disk, nor while it tries again', async () => {
    const { a, b, wire } = linked();
    b.outcome = { kind: 'failed', code: 'EACCES', message: 'no' };
    a.find({ f: file('a'), g: file('b') });
    for (let passed = 0; passed < 20; passed++) {
      wire.settle(100);
      assert.equal((await standing(a, b, ['f'])).complete, false);
    }
    b.outcome = null;
    wire.settle(60_000);
    assert.equal((await standing(a, b, ['f'])).complete, true);
  });

  test('is not over while the peer has more failures than it can name', async () => {
    const { a, b, wire } = linked();
    b.outcome = { kind: 'failed', code: 'EACCES', message: 'no' };
    a.find(Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`f${index}`, file('a')])));
    a.find({ z: file('z') });
    wire.settle(100);
    assert.equal((await standing(a, b, ['z'])).complete, false);
  });

  test('does not mind a file that only a receiving peer has', async () => {
    const { a, b, wire } = linked(true);
    a.find({ f: file('a') });
    b.find({ own: file('b') });
    wire.settle();
    assert.equal((await standing(a, b, null)).complete, true);
  });
});

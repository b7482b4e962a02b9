import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { file } from '../core/arbitrary.ts';
import { Node, Wire } from './kit.ts';

function two(): { a: Node; b: Node; wire: Wire } {
  const [a, b] = [new Node('n1').live(), new Node('n2').live()];
  const wire = new Wire([a, b]);
  wire.link();
  return { a, b, wire };
}

const standings = (a: Node, b: Node): string[] => [
  a.replica.standing(b.name).kind,
  b.replica.standing(a.name).kind,
];

function configure(node: Node, configHash: string): void {
  node.replica.configure({ ...node.replica.shared.settings, configHash });
}

suite('a mapping whose rules differ', () => {
  test('is held on both sides, whichever of them changed', () => {
    const { a, b, wire } = two();
    configure(a, 'other');
    wire.settle();
    assert.deepEqual(standings(a, b), ['mismatch', 'mismatch']);
  });

  test('is held on both sides also when the mapping was taken up anew for it', () => {
    const { a, b, wire } = two();
    a.replica.detach('reconfigured', 'its configuration is being changed');
    configure(a, 'other');
    a.live();
    wire.settle();
    assert.deepEqual(standings(a, b), ['mismatch', 'mismatch']);
  });

  test('goes on when both have the same rules again, and then falls silent', () => {
    const { a, b, wire } = two();
    configure(a, 'other');
    wire.settle();
    a.find({ f: file('a') });
    wire.settle();
    configure(b, 'other');
    wire.settle();
    assert.deepEqual(standings(a, b), ['open', 'open']);
    assert.equal(b.replica.shared.rows.totals().files, 1);
    wire.delivered = [];
    wire.settle(10_000);
    assert.deepEqual(wire.delivered, []);
  });
});

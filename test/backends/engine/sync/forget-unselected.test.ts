/** Changed include and exclude rules. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { forgetUnselected } from '../../../../src/backends/engine/sync/forget-unselected.ts';
import { openStore } from '../../../../src/backends/engine/store/sqlite.ts';
import { makeTempDir } from '../../../kit/temp-dir.ts';
import { DIR, file, GONE } from '../core/arbitrary.ts';
import { Node, path, Wire } from './kit.ts';

const NO_CACHE = { exclude: ['/d/cache/**', '*.tmp'], include: [] };

function paths(node: Node): string[] {
  return node.replica.shared.rows.page(null, 100).map((row) => row.path);
}

suite('what the rules do not select any more', () => {
  test('is forgotten without a trace, and the rest is as it was', async () => {
    const a = new Node('n1', {}, openStore(makeTempDir())).live();
    a.find({ d: DIR, 'd/cache': DIR, 'd/cache/x': file('a'), 'd/f': file('b'), 'd/g.tmp': file('c') });
    a.find({ 'd/g.tmp': GONE });
    await forgetUnselected(a.replica.shared, NO_CACHE);
    assert.deepEqual(
      paths(a).filter((name) => name !== 'd/cache'),
      ['d', 'd/f'],
    );
    assert.equal(a.replica.shared.rows.get(path('d/cache/x')), null);
    assert.deepEqual(a.replica.shared.rows.totals(), {
      files: 1,
      bytes: 98,
      pending: 0,
      conflicts: 0,
      blocked: 0,
    });
    a.find({ 'd/f': GONE, d: GONE });
    assert.deepEqual(a.replica.shared.rows.get(path('d'))?.applied?.value.kind, 'absent');
  });

  test('is not told to a node that joins, and found again by every node when the rules take it back', async () => {
    const [a, b, c] = [new Node('n1').live(), new Node('n2').live(), new Node('n3').live()] as const;
    const wire = new Wire([a, b]);
    wire.link();
    a.find({ 'x.tmp': file('a'), f: file('b') });
    wire.settle();
    for (const node of [a, b]) await forgetUnselected(node.replica.shared, NO_CACHE);
    const larger = new Wire([a, b, c]);
    larger.link();
    assert.deepEqual(paths(c), ['f']);
    for (const node of [a, b]) node.find({ 'x.tmp': file('a') });
    larger.settle();
    assert.equal(c.replica.shared.rows.totals().files, 2);
    for (const node of [a, b, c]) assert.equal(node.replica.shared.rows.totals().conflicts, 0);
  });
});

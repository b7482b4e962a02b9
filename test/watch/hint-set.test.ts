import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Hint } from '../../src/watch/hint.ts';
import { HintSet } from '../../src/watch/hint-set.ts';

const E = (path: string): Hint => ({ path, scope: 'entry' });
const C = (path: string): Hint => ({ path, scope: 'children' });
const S = (path: string): Hint => ({ path, scope: 'subtree' });

const table: readonly { name: string; add: Hint[]; take: Hint[] }[] = [
  { name: 'nothing', add: [], take: [] },
  { name: 'the same hint twice is one', add: [E('a/f'), E('a/f')], take: [E('a/f')] },
  {
    name: 'a subtree includes what was hinted below it',
    add: [E('a/b/f'), C('a/b'), S('a')],
    take: [S('a')],
  },
  { name: 'and what comes later', add: [S('a'), E('a/b/f'), C('a'), S('a/b'), E('a')], take: [S('a')] },
  { name: 'the root\u2019s subtree includes all', add: [E('f'), C(''), S('')], take: [S('')] },
  { name: 'children include the entries of that directory', add: [E('a/f'), C('a')], take: [C('a')] },
  { name: 'in either order', add: [C('a'), E('a/f')], take: [C('a')] },
  {
    name: 'but neither the directory itself nor deeper ones',
    add: [C('a'), E('a'), E('a/b/f')],
    take: [E('a'), C('a'), E('a/b/f')],
  },
  { name: 'children of the root include its entries', add: [E('f'), C('')], take: [C('')] },
  {
    name: 'children of a directory stay when it is an entry of another',
    add: [C('a/b'), E('a/b'), C('a')],
    take: [C('a'), C('a/b')],
  },
  { name: 'a longer name is not below a shorter one', add: [S('a'), E('ab')], take: [S('a'), E('ab')] },
];

for (const { name, add, take } of table) {
  test(`hints: ${name}`, () => {
    const set = new HintSet(100);
    for (const hint of add) set.add(hint);
    assert.deepEqual(set.take(), take);
    assert.deepEqual(set.take(), []);
  });
}

test('hints: many entries of a directory become its children', () => {
  const set = new HintSet(20);
  for (let f = 0; f < 1_000; f += 1) set.add(E(`dir/f${f}`));
  assert.deepEqual(set.take(), [C('dir')]);
});

test('hints: deep places far apart become subtrees of what they share', () => {
  const set = new HintSet(20);
  for (let d = 0; d < 100; d += 1) set.add(C(`top/${d % 3}/d${d}`));
  assert.ok(set.size <= 20);
  const top = new Set(set.take().map(({ path }) => path.split('/')[0]));
  assert.deepEqual([...top], ['top']);
});

const hints = fc.array(
  fc.record({
    path: fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 }).map((parts) => parts.join('/')),
    scope: fc.constantFrom('entry' as const, 'children' as const, 'subtree' as const),
  }),
  { maxLength: 60 },
);

test('hints: nothing that was hinted is left out, within the limit', () => {
  fc.assert(
    fc.property(hints, fc.integer({ min: 1, max: 40 }), (added, limit) => {
      const set = new HintSet(limit);
      for (const hint of added) {
        set.add(hint);
        assert.ok(set.size <= limit);
      }
      const taken = set.take();
      for (const hint of added) {
        assert.ok(
          taken.some((one) => covers(one, hint)),
          `${JSON.stringify(hint)} in ${JSON.stringify(taken)}`,
        );
      }
      for (const one of taken) {
        assert.ok(
          !taken.some((other) => other !== one && covers(other, one)),
          `${JSON.stringify(one)} twice`,
        );
      }
    }),
    { numRuns: 2_000 },
  );
});

function covers(one: Hint, other: Hint): boolean {
  if (one.scope === 'subtree') return one.path === '' || `${other.path}/`.startsWith(`${one.path}/`);
  if (one.path === other.path && one.scope === other.scope) return true;
  const slash = other.path.lastIndexOf('/');
  const parent = slash === -1 ? '' : other.path.slice(0, slash);
  return one.scope === 'children' && other.scope === 'entry' && other.path !== '' && parent === one.path;
}

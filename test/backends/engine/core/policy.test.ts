import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { isConflict, shown, type PolicyContext } from '../../../../src/backends/engine/core/policy.ts';
import { edit, EMPTY_ROW, join } from '../../../../src/backends/engine/core/row.ts';
import type { Policy, Row, Value } from '../../../../src/backends/engine/core/types.ts';
import { dot, file, GONE, NODES, reachableRows } from './arbitrary.ts';

const POLICIES: Policy[] = [
  'none',
  'first',
  'younger',
  'older',
  'bigger',
  'smaller',
  'left',
  'right',
  'keep-both',
];
const context = (policy: Policy): PolicyContext => ({ policy, hosts: NODES });

/** A conflict between n1's and n2's versions; n1's dot is the lower one. */
function conflict(first: Value, second: Value): Row {
  return join(edit(EMPTY_ROW, [], dot('n1', 10), first), edit(EMPTY_ROW, [], dot('n2', 20), second));
}

function winner(policy: Policy, row: Row): Value | 'undecided' | 'nothing' {
  const display = shown(row, context(policy));
  return display.kind === 'version' ? display.value : display.kind;
}

const SMALL_OLD = file('a', { mtimeNs: 5n, size: 1 });
const BIG_NEW = file('b', { mtimeNs: 9n, size: 2 });

const TABLE: [Policy, Value | 'undecided'][] = [
  ['none', 'undecided'],
  ['first', SMALL_OLD],
  ['younger', BIG_NEW],
  ['older', SMALL_OLD],
  ['bigger', BIG_NEW],
  ['smaller', SMALL_OLD],
  ['left', SMALL_OLD],
  ['right', BIG_NEW],
  ['keep-both', BIG_NEW],
];

suite('I6: each policy', () => {
  for (const [policy, expected] of TABLE) {
    test(`${policy} has its own winner`, () =>
      assert.deepEqual(winner(policy, conflict(SMALL_OLD, BIG_NEW)), expected));

    test(`${policy} picks the same version in whatever order the versions came`, () => {
      fc.assert(
        fc.property(reachableRows, ([a = EMPTY_ROW, b = EMPTY_ROW, c = EMPTY_ROW]) => {
          assert.deepEqual(
            shown(join(join(a, b), c), context(policy)),
            shown(join(c, join(b, a)), context(policy)),
          );
        }),
      );
    });

    test(`${policy} never lets a deletion win over an edit by itself`, () => {
      const value = winner(policy, conflict(file('a'), GONE));
      assert.deepEqual(value, policy === 'none' ? 'undecided' : file('a'));
    });

    test(`${policy} settles a difference in metadata alone`, () => {
      assert.notEqual(
        winner(policy, conflict(file('a', { mode: 0o600 }), file('a', { mode: 0o644 }))),
        'undecided',
      );
    });
  }

  test('has an answer for every row that can come to be', () => {
    fc.assert(
      fc.property(reachableRows, fc.constantFrom(...POLICIES), (rows, policy) => {
        for (const row of rows) {
          const display = shown(row, context(policy));
          if (display.kind === 'undecided') assert.ok(policy === 'none' && isConflict(row));
          if (display.kind === 'nothing') assert.equal(row.siblings.length, 0);
        }
      }),
    );
  });
});

test('I7: equal content is no conflict, whoever wrote it', () => {
  assert.equal(isConflict(conflict(file('a'), file('a', { mtimeNs: 7n }))), false);
  const same = shown(conflict(file('a'), file('a')), context('none'));
  assert.equal(same.kind === 'version' && same.dots.length, 2, 'an edit of it supersedes both');
});

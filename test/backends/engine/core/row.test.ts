import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { edit, EMPTY_ROW, join, resolve, retire, sameRow } from '../../../../src/backends/engine/core/row.ts';
import type { Row } from '../../../../src/backends/engine/core/types.ts';
import { covers } from '../../../../src/backends/engine/core/vector.ts';
import { dot, file, reachableRows } from './arbitrary.ts';

const three = reachableRows.map(
  (rows) => [rows[0] ?? EMPTY_ROW, rows[1] ?? EMPTY_ROW, rows[2] ?? EMPTY_ROW] as const,
);

function assertSame(a: Row, b: Row): void {
  assert.ok(sameRow(a, b), `${describe(a)} is not ${describe(b)}`);
  assert.deepEqual(a.siblings, b.siblings, 'siblings have one order');
}

function describe(row: Row): string {
  return JSON.stringify([row.siblings.map((sibling) => sibling.dot), [...row.context]]);
}

suite('I5: join of rows', () => {
  test('is commutative', () => {
    fc.assert(
      fc.property(three, ([a, b]) => assertSame(join(a, b), join(b, a))),
      { numRuns: 2000 },
    );
  });

  test('is associative', () => {
    fc.assert(
      fc.property(three, ([a, b, c]) => assertSame(join(join(a, b), c), join(a, join(b, c)))),
      { numRuns: 2000 },
    );
  });

  test('is idempotent, and returns the same object when nothing is new', () => {
    fc.assert(
      fc.property(three, ([a, b]) => {
        const joined = join(a, b);
        assert.equal(join(joined, b), joined);
        assert.equal(join(joined, a), joined);
      }),
      { numRuns: 2000 },
    );
  });

  test('never brings back what one side has superseded', () => {
    fc.assert(
      fc.property(three, ([a, b]) => {
        for (const { dot } of join(a, b).siblings) {
          for (const side of [a, b]) {
            const has = side.siblings.some(
              (sibling) => sibling.dot.actor === dot.actor && sibling.dot.counter === dot.counter,
            );
            assert.ok(has || !covers(side.context, dot), `${JSON.stringify(dot)} was superseded`);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});

suite('changes of a row', () => {
  const a = edit(EMPTY_ROW, [], dot('n1', 1), file('a'));
  const b = edit(EMPTY_ROW, [], dot('n2', 2), file('b'));
  const both = join(a, b);

  test('concurrent versions stand beside each other', () => {
    assert.deepEqual(
      both.siblings.map((sibling) => sibling.dot.counter),
      [1, 2],
    );
  });

  test('I3: an edit supersedes only what the disk showed', () => {
    const edited = edit(both, [dot('n2', 2)], dot('n3', 3), file('c'));
    assert.deepEqual(
      edited.siblings.map((sibling) => sibling.dot.counter),
      [1, 3],
    );
  });

  test('a retired loser does not come back from a node that has not heard', () => {
    const retired = retire(both, [dot('n1', 1)], dot('n1', 4));
    assert.deepEqual(
      join(retired, a).siblings.map((sibling) => sibling.dot.counter),
      [2],
    );
    assert.ok(covers(retired.context, dot('n1', 4)), 'the retirement is known to the knowledge vectors');
  });

  test('a decision covers every version', () => {
    const decided = resolve(both, dot('n3', 9), file('a'));
    assertSame(join(decided, both), decided);
  });
});

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { retirable } from '../../../../src/backends/engine/core/losers.ts';
import { observe } from '../../../../src/backends/engine/core/observe.ts';
import { edit, EMPTY_ROW, join } from '../../../../src/backends/engine/core/row.ts';
import type { Applied, Row } from '../../../../src/backends/engine/core/types.ts';
import { DIR, dot, file, GONE, identity } from './arbitrary.ts';

const A = dot('n1', 1);
const B = dot('n2', 2);
const NEXT = dot('n1', 9);
const next = () => NEXT;
const ofA = edit(EMPTY_ROW, [], A, file('a'));
const ofB = edit(EMPTY_ROW, [], B, file('b'));
const onDisk = (letter: string, dots = [A]): Applied => ({
  value: file(letter),
  dots,
  identity: identity('1'),
});
const dots = (row: Row): number[] => row.siblings.map((sibling) => sibling.dot.counter);

suite('what is found on the disk', () => {
  test('is nothing new when it is what was applied', () => {
    assert.equal(observe(ofA, onDisk('a'), file('a'), next).kind, 'same');
    assert.equal(observe(EMPTY_ROW, null, GONE, next).kind, 'same');
  });

  test('is an edit of what was applied', () => {
    const observed = observe(ofA, onDisk('a'), file('c'), next);
    assert.ok(observed.kind === 'edited');
    assert.deepEqual(dots(observed.row), [9]);
  });

  test('is a deletion, which remembers what a directory was', () => {
    const row = edit(EMPTY_ROW, [], A, DIR);
    const observed = observe(row, { value: DIR, dots: [A], identity: identity('1') }, GONE, next);
    assert.ok(observed.kind === 'edited');
    assert.deepEqual(observed.value, { kind: 'absent', dir: { mode: 0o755, owner: 'u:g' } });
  });

  test('I7: is adopted when it is what the row wants and the disk was behind', () => {
    const superseded = edit(ofA, [A], B, file('b'));
    const observed = observe(superseded, onDisk('a'), file('b'), next);
    assert.deepEqual(observed, { kind: 'adopted', value: file('b'), dots: [B] });
  });

  test('is adopted when it was there before csyncd and equals what a peer has', () => {
    assert.equal(observe(ofB, null, file('b'), next).kind, 'adopted');
  });

  test('conflicts with a version that has not reached this disk', () => {
    const superseded = edit(ofA, [A], B, file('b'));
    const observed = observe(superseded, onDisk('a'), file('c'), next);
    assert.ok(observed.kind === 'edited');
    assert.deepEqual(dots(observed.row), [2, 9]);
  });

  test('I3: leaves a concurrent version alone that the disk did not show', () => {
    const observed = observe(join(ofA, ofB), onDisk('b', [B]), file('c'), next);
    assert.ok(observed.kind === 'edited');
    assert.deepEqual(dots(observed.row), [1, 9]);
  });

  test('settles a conflict when somebody puts the winner in the place of the loser by hand', () => {
    const observed = observe(join(ofA, ofB), onDisk('a'), file('b'), next);
    assert.ok(observed.kind === 'edited');
    assert.deepEqual(dots(observed.row), [2, 9]);
  });
});

suite('I8: a loser is retired', () => {
  const both = join(ofA, ofB);
  const now = { value: file('b'), dots: [B] };

  test('by a node that had it and kept it', () =>
    assert.deepEqual(retirable(both, onDisk('a'), now, true), [A]));
  test('never without a backup of its bytes', () =>
    assert.deepEqual(retirable(both, onDisk('a'), now, false), []));
  test('never by a node that did not have it', () => assert.deepEqual(retirable(both, null, now, true), []));
  test('without a backup when it was a deletion', () => {
    const withDeletion = join(edit(EMPTY_ROW, [], A, GONE), ofB);
    assert.deepEqual(retirable(withDeletion, { value: GONE, dots: [A], identity: null }, now, false), [A]);
  });
  test('without a backup when only its metadata differ', () => {
    const other = join(edit(EMPTY_ROW, [], A, file('b', { mode: 0o600 })), ofB);
    const before: Applied = { value: file('b', { mode: 0o600 }), dots: [A], identity: identity('1') };
    assert.deepEqual(retirable(other, before, now, false), [A]);
  });
});

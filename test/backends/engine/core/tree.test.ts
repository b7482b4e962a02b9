import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { PolicyContext } from '../../../../src/backends/engine/core/policy.ts';
import { edit, EMPTY_ROW, join } from '../../../../src/backends/engine/core/row.ts';
import { isLiveRow, wanted } from '../../../../src/backends/engine/core/tree.ts';
import type { Value } from '../../../../src/backends/engine/core/types.ts';
import { DIR, dot, file, GONE, NODES } from './arbitrary.ts';

const younger: PolicyContext = { policy: 'younger', hosts: NODES };
const none: PolicyContext = { policy: 'none', hosts: NODES };
const row = (value: Value) => edit(EMPTY_ROW, [], dot('n1', 1), value);
const REMEMBERING: Value = { kind: 'absent', dir: { mode: 0o750, owner: 'u:g' } };

function value(...args: Parameters<typeof wanted>): Value | string {
  const want = wanted(...args);
  return want.kind === 'value' ? want.value : want.kind;
}

suite('I13: what a path shall hold', () => {
  test('is its version when nothing lives below it', () =>
    assert.deepEqual(value(row(file('a')), 0, younger), file('a')));
  test('is nothing when nothing is known', () => assert.deepEqual(value(EMPTY_ROW, 0, younger), GONE));
  test('is the directory that was deleted while somebody created a file in it', () => {
    assert.deepEqual(value(row(REMEMBERING), 1, younger), { kind: 'dir', mode: 0o750, owner: 'u:g' });
  });
  test('is a directory where a file took its place while somebody created a file in it', () => {
    const both = join(row(file('a', { mtimeNs: 10n ** 18n })), edit(EMPTY_ROW, [], dot('n2', 2), DIR));
    assert.deepEqual(value(both, 0, younger), file('a', { mtimeNs: 10n ** 18n }));
    assert.deepEqual(value(both, 1, younger), DIR);
  });
  test('is a directory of which nothing but its children is known', () => {
    assert.equal(wanted(EMPTY_ROW, 2, younger).kind, 'value');
    assert.equal(isLiveRow(EMPTY_ROW, 2), true);
  });
  test('is for a person to decide under policy none', () => {
    const both = join(row(file('a')), edit(EMPTY_ROW, [], dot('n2', 2), file('b')));
    assert.equal(value(both, 0, none), 'undecided');
  });
});

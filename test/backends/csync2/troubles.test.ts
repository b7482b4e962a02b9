/** What is in conflict stays so until an update tells otherwise, or nobody owes it any more. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Troubles } from '../../../src/backends/csync2/troubles.ts';

test('a conflict of which an update says nothing is asked for', () => {
  const troubles = new Troubles();
  troubles.updated('b', { failed: [], conflicts: ['one', 'two', 'three'] }, 1000);
  assert.deepEqual(troubles.missedBy('b', ['two', 'four']), ['one', 'three']);
  assert.deepEqual(troubles.missedBy('c', []), []);
  assert.deepEqual(troubles.updated('b', { failed: [], conflicts: ['two', 'one'] }, 2000), []);
  assert.deepEqual(
    troubles.conflicts().map(({ name, since }) => [name, since]),
    [
      ['two', 1000],
      ['one', 1000],
    ],
  );
  assert.deepEqual(troubles.missedBy('b', []), ['two', 'one']);
});

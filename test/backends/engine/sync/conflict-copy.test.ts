import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeId } from '../../../../src/backends/engine/core/types.ts';
import { conflictName } from '../../../../src/backends/engine/sync/conflict-copy.ts';
import { file } from '../core/arbitrary.ts';
import { path } from './kit.ts';

test('a conflict copy has a name whatever the time of the file', () => {
  for (const mtimeNs of [0n, -(2n ** 80n), 2n ** 80n]) {
    const value = file('a', { mtimeNs });
    if (value.kind !== 'file') continue;
    assert.match(
      conflictName(path('d/f.txt'), 'n1' as NodeId, value),
      /^d\/f\.csyncd-conflict-n1-\S+-aaaaaaaa\.txt$/,
    );
  }
});

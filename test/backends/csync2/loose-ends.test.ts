import assert from 'node:assert/strict';
import { it } from 'node:test';
import { deletedAnyway } from '../../../src/backends/csync2/loose-ends.ts';
import type { FileResult } from '../../../src/backends/csync2/output.ts';

function failed(action: FileResult['action'], message: string | null): FileResult {
  return {
    name: '/r/f/below',
    action,
    state: 'failed',
    reason: 'peer-disk',
    message,
    remedy: null,
    conflict: null,
  };
}

it('a deletion below what is no directory at the peer is done, an update there is not', () => {
  assert.deepEqual(deletedAnyway({ failed: [failed('delete', 'Not a directory')] }), ['/r/f/below']);
  assert.deepEqual(deletedAnyway({ failed: [failed('update', 'Not a directory')] }), []);
  assert.deepEqual(deletedAnyway({ failed: [failed('delete', 'Directory not empty')] }), []);
  assert.deepEqual(deletedAnyway({ failed: [failed('delete', null)] }), []);
});

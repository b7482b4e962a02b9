import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { mostDeletions } from '../../../src/backends/engine/core/guard.ts';
import type { Difference } from '../../../src/backends/csync2/confirm.ts';
import {
  approve,
  judge,
  recorded,
  reject,
  UNDECIDED,
  type Judged,
} from '../../../src/backends/csync2/deletion-guard.ts';

const gone = (count: number): Difference[] =>
  Array.from({ length: count }, (_, i) => ({ path: `d/${i}`, was: 'file', is: null }));
const EDIT: Difference = { path: 'edit', was: 'file', is: 'file' };
const NEW: Difference = { path: 'new', was: null, is: 'file' };
const REPLACED: Difference = { path: 'd', was: 'dir', is: 'other' };

function found(differences: readonly Difference[], more: Partial<Judged> = {}): Judged {
  return { differences, isFull: true, files: 1000, maxDeletePercent: 20, ...more };
}

it('holds where the engine does', () => {
  fc.assert(
    fc.property(
      fc.nat(400),
      fc.nat(2000),
      fc.integer({ min: 1, max: 100 }),
      (count, files, maxDeletePercent) => {
        const { held } = judge(UNDECIDED, found(gone(count), { files, maxDeletePercent }));
        assert.equal(held !== null, count > mostDeletions(files, maxDeletePercent));
      },
    ),
  );
});

it('what is held is held with what takes the place of a directory; the rest goes on', () => {
  const { allowed, isPartial, held } = judge(UNDECIDED, found([REPLACED, ...gone(201), EDIT, NEW]));
  assert.deepEqual(allowed, [EDIT, NEW]);
  assert.deepEqual({ isPartial, held }, { isPartial: true, held: { deletions: 201, files: 1000 } });
  assert.deepEqual(judge(UNDECIDED, found([REPLACED, ...gone(200), EDIT])).held, null);
});

it('directories and links that are gone are not counted', () => {
  const dirs = gone(300).map((one): Difference => ({ ...one, was: 'dir' }));
  assert.equal(judge(UNDECIDED, found(dirs)).held, null);
});

it('an approval holds for looks at the whole tree until csync2 has recorded one', () => {
  const all = [...gone(500), EDIT];
  const guard = approve();
  assert.notEqual(judge(guard, found(all, { isFull: false })).held, null);
  const first = judge(guard, found(all));
  assert.deepEqual([first.held, first.isPartial], [null, false]);
  // csync2 failed: the next look finds the same.
  const second = judge(first.guard, found(all));
  assert.deepEqual([second.held, second.allowed], [null, all]);
  assert.notEqual(judge(recorded(second.guard), found(all)).held, null);
});

it('what was rejected is not sent until it has been there again', () => {
  const all = gone(500);
  const rejected = reject(judge(UNDECIDED, found(all)).guard, all);
  const { allowed, held, isPartial, guard } = judge(rejected, found([...all, EDIT]));
  assert.deepEqual([allowed, held, isPartial], [[EDIT], null, true]);
  // A look at some places tells nothing of the others.
  const after = judge(guard, found([EDIT], { isFull: false })).guard;
  assert.deepEqual(judge(after, found(all)).allowed, []);
  // All but two were restored; one of those that were is deleted later.
  const restored = judge(after, found(all.slice(0, 2))).guard;
  assert.deepEqual(judge(restored, found(all.slice(0, 3))).allowed, all.slice(2, 3));
});

/** Random trees and changes: a look finds what a real csync2 finds, and what is made of it leaves csync2 nothing to find. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { it } from 'node:test';
import fc from 'fast-check';
import type { DirtyPath } from '../../../src/backends/backend.ts';
import { coveringChecks } from '../../../src/backends/csync2/checks.ts';
import { EVERYTHING, look } from '../../../src/backends/csync2/look.ts';
import { bytes, Recorder, wallClock } from './recorder.ts';

const settling = { sessionsOpen: () => Promise.resolve(false), now: wallClock, user: null };
const NAMES = ['a', 'a b', 'a-b', 'a0', '%', '\xff', 'b'];

const paths = fc
  .array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 })
  .map((names) => names.join('/'));
const changes = fc.record({
  kind: fc.constantFrom('write', 'mkdir', 'remove', 'link', 'rename', 'chmod', 'alias'),
  path: paths,
  to: paths,
});
type Change = typeof changes extends fc.Arbitrary<infer T> ? T : never;

/** No two writes leave the same size or time: csync2 would not see the second. */
let written = 1;

/**
 * Where a path leads: an event names the directory in which something changed, not the symlinks by which one came there.
 * @param isFollowed whether its last name is followed too
 */
function placeOf(recorder: Recorder, path: string, isFollowed = false): string {
  const parent = path.split('/').slice(0, -1).join('/');
  const real = (way: string): string =>
    fs.realpathSync.native(recorder.at(way), { encoding: 'latin1' }).slice(recorder.root.length + 1);
  if (isFollowed) return real(path);
  return [real(parent), path.slice(parent === '' ? 0 : parent.length + 1)].filter(Boolean).join('/');
}

/** Does it where it can be done; returns where to look. */
function apply(recorder: Recorder, { kind, path, to }: Change): DirtyPath[] {
  const at = recorder.at(path);
  try {
    const place = placeOf(recorder, path);
    switch (kind) {
      case 'write':
        fs.writeFileSync(at, 'x'.repeat(++written));
        fs.utimesSync(at, written, written);
        return [{ path: placeOf(recorder, path, true), scope: 'entry' }];
      case 'mkdir':
        fs.mkdirSync(at);
        break;
      case 'remove':
        fs.lstatSync(at);
        fs.rmSync(at, { recursive: true });
        break;
      case 'link':
        fs.symlinkSync(bytes(`${to}${++written}`), at);
        break;
      case 'rename': {
        const target = placeOf(recorder, to);
        fs.renameSync(at, recorder.at(to));
        return [
          { path: place, scope: 'entry' },
          { path: target, scope: 'subtree' },
        ];
      }
      case 'chmod':
        fs.chmodSync(at, 0o600 + (++written % 64));
        return [{ path: placeOf(recorder, path, true), scope: 'entry' }];
      case 'alias':
        fs.symlinkSync(recorder.at(to), at);
    }
    return [{ path: place, scope: 'entry' }];
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return [];
    throw error;
  }
}

/** A write that makes a file elsewhere, by way of a dangling symlink. */
const throughSymlink: [Change[], Change[], boolean] = [
  [{ kind: 'link', path: '%', to: 'a' }],
  [{ kind: 'write', path: '%', to: 'a' }],
  false,
];

for (const isPrefixed of [false, true]) {
  it(`random changes${isPrefixed ? ' below a prefix' : ''}`, async () => {
    const each = fc.asyncProperty(
      fc.array(changes, { maxLength: 40 }),
      fc.array(changes, { maxLength: 15 }),
      fc.boolean(),
      async (before, after, everywhere) => {
        const recorder = new Recorder({ isPrefixed });
        try {
          for (const change of before) apply(recorder, change);
          recorder.record();
          const places = after.flatMap((change) => apply(recorder, change));
          const tree = recorder.tree();
          const signal = AbortSignal.timeout(60_000);
          const found = await look(tree, everywhere ? EVERYTHING : places, settling, signal);
          const { recursive, exact } = coveringChecks(found.differences);
          const marked = new Set([
            ...(recursive.length > 0 ? recorder.marked(['-cr'], recursive) : []),
            ...(exact.length > 0 ? recorder.marked(['-c'], exact) : []),
          ]);
          const names = found.differences.map(({ path }) => recorder.nameOf(path));
          assert.deepEqual([...marked].sort(), names.sort(), 'told csync2 just what it finds');
          assert.deepEqual(recorder.marked(['-cr'], ['']), [], 'and nothing is left for it');
          assert.deepEqual((await look(tree, EVERYTHING, settling, signal)).differences, []);
          tree.table.close();
        } finally {
          fs.rmSync(recorder.dir, { recursive: true });
        }
      },
    );
    await fc.assert(each, { numRuns: 60, examples: [throughSymlink] });
  });
}

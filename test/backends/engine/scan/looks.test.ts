import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'node:test';
import type { RelPath } from '../../../../src/backends/engine/core/types.ts';
import { orderLooks } from '../../../../src/backends/engine/scan/looks.ts';
import type { Look } from '../../../../src/backends/engine/scan/observation.ts';
import { comparePaths, isBelow } from '../../../../src/backends/engine/scan/paths.ts';

const names = fc.constantFrom('a', 'b', 'a.b', 'a-', '\xff');
const paths = fc.array(names, { maxLength: 4 }).map((parts) => parts.join('/') as RelPath);
const looks: fc.Arbitrary<Look> = fc.record({
  path: paths,
  scope: fc.constantFrom('entry', 'children', 'subtree'),
});

describe('the order of looks', () => {
  it('compares names byte by byte, level by level', () => {
    fc.assert(
      fc.property(paths, paths, (a, b) => {
        const left = a === '' ? [] : a.split('/');
        const right = b === '' ? [] : b.split('/');
        const at = left.findIndex((name, index) => name !== right[index]);
        const expected =
          at === -1
            ? left.length - right.length
            : right[at] === undefined
              ? 1
              : (left[at] ?? '') < right[at]
                ? -1
                : 1;
        assert.equal(Math.sign(comparePaths(a, b)), Math.sign(expected));
      }),
    );
  });

  it('looks everywhere it was asked to, each place once', () => {
    fc.assert(
      fc.property(fc.array(looks, { maxLength: 12 }), (asked) => {
        const ordered = orderLooks(asked);
        const covers = (by: Look, look: Look): boolean =>
          by.scope === 'subtree'
            ? by.path === look.path || isBelow(look.path, by.path)
            : by.path === look.path && (by.scope === look.scope || look.scope === 'entry');
        for (const look of asked) assert.ok(ordered.some((by) => covers(by, look)));
        for (const [index, look] of ordered.entries()) {
          const before = ordered[index - 1];
          assert.ok(before === undefined || comparePaths(before.path, look.path) < 0);
          assert.ok(!ordered.some((by) => by !== look && covers(by, look)));
        }
      }),
    );
  });
});

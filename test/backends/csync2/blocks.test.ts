import assert from 'node:assert/strict';
import { it } from 'node:test';
import { blocksOf } from '../../../src/backends/csync2/blocks.ts';
import type { Csync2Mapping } from '../../../src/backends/csync2/mapping.ts';

const [a, b] = ['web_a', 'web_b'].map((block) => ({ parts: { block } }) as Csync2Mapping) as [
  Csync2Mapping,
  Csync2Mapping,
];

it('only what is exchanged is sent; of a config that is managed elsewhere all or nothing', () => {
  assert.equal(blocksOf([a, b], [a, b], false), null);
  assert.deepEqual(blocksOf([b], [a, b], false), ['web_b']);
  assert.deepEqual(blocksOf([], [a, b], false), []);
  assert.equal(blocksOf([a, b], [a, b], true), null);
  assert.deepEqual(blocksOf([b], [a, b], true), []);
});

/** Comparing trees of which one is nearly empty. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  answerList,
  answerSums,
  compareTrees,
  rangeParams,
  rangesParams,
} from '../../../../src/backends/engine/sync/verify.ts';
import { file } from '../core/arbitrary.ts';
import { Node } from './kit.ts';

const ABOUT = { group: 'g', mapping: 'm' };

for (const [title, ours] of [
  ['nothing', {}],
  ['one file, the last in order', { z: file('b') }],
] as const) {
  test(`a node that has ${title} is told what it lacks, in answers of bounded size`, async () => {
    const a = new Node('n1').live();
    const b = new Node('n2').live();
    a.find(ours);
    b.find(ours);
    b.find(Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`f${index}`, file('a')])));
    let largest = 0;
    const found = await compareTrees(
      a.replica.shared.rows,
      b.name,
      async (method, params) => {
        const { rows } = b.replica.shared;
        const asked = { ...ABOUT, ...params };
        if (method === 'verify.sums') return answerSums(rows, rangesParams.parse(asked).ranges);
        const answer = await answerList(rows, rangeParams.parse(asked).range);
        largest = Math.max(largest, JSON.stringify(answer).length);
        return answer;
      },
      1000,
    );
    assert.equal(found.length, 1000);
    assert.deepEqual(new Set(found.map(({ reason }) => reason)), new Set(['only on n2']));
    assert.ok(largest < 1024 * 1024);
  });
}

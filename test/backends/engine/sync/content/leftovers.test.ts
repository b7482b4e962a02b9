import assert from 'node:assert/strict';
import { test } from 'node:test';
import { removeLeftovers } from '../../../../../src/backends/engine/sync/content/leftovers.ts';

test('what is left of a download goes when it has not been touched for a week', async () => {
  const day = 86_400_000n * 1_000_000n;
  const removed: string[] = [];
  await removeLeftovers(
    {
      listTemps: () =>
        Promise.resolve([
          { name: 'dl-old', size: 1, changedNs: 2n * day },
          { name: 'dl-new', size: 1, changedNs: 4n * day },
        ]),
      removeTemp: (name) => Promise.resolve(void removed.push(name)),
    },
    10 * 86_400_000,
  );
  assert.deepEqual(removed, ['dl-old']);
});

import { test } from 'node:test';
import { cluster } from '../kit/cluster.ts';
import { treeByPrograms } from '../kit/cluster/programs.ts';

test('tar, cp, rsync and rm of 5,000 files', async (t) => {
  const made = await cluster(t, { nodes: ['a', 'b', 'c'], mapping: { max_delete: '100%' } });
  await treeByPrograms(t, made, 5000);
  await made.proveEqual();
});

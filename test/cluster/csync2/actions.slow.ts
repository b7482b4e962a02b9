import { test } from 'node:test';
import { actionsCluster, ranForMany } from '../../kit/csync2/action-calls.ts';

test('actions run for 2,000 files at once', async (t) => {
  const actions = await actionsCluster(t);
  await ranForMany(actions, 2_000);
  await actions.made.proveEqual();
});

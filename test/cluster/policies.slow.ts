/** The policies of the engine that policies.test.ts leaves out. */
import { test } from 'node:test';
import { policyDecides } from '../kit/cluster/policy.ts';

for (const policy of ['older', 'bigger', 'smaller', 'left', 'right'] as const)
  test(`${policy}: the same winner on all, the losers in the backup`, (t) => policyDecides(t, policy));

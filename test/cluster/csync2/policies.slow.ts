/** The `auto` methods of csync2 that policies.test.ts leaves out. */
import { test } from 'node:test';
import { policyDecides } from '../../kit/csync2/policy.ts';

for (const auto of ['older', 'bigger', 'smaller', 'left', 'right', 'first'] as const)
  test(`auto: ${auto}`, (t) => policyDecides(t, auto));

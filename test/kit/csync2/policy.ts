/** An `auto` of csync2 at work. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import type { TestContext } from 'node:test';
import { csync2Cluster } from './cluster.ts';
import { bothOwe } from './conflicts.ts';

const OLD = 1_700_000_000;
const NEW = 1_700_001_000;

/** Who wins when a's version is older and longer, b's younger and shorter, and a comes first. */
const WINNERS = {
  younger: 'b',
  older: 'a',
  bigger: 'a',
  smaller: 'b',
  left: 'a',
  right: 'b',
  first: 'a',
} as const;

/** Two nodes change a file while they do not see each other; the policy decides. */
export async function policyDecides(t: TestContext, auto: keyof typeof WINNERS): Promise<void> {
  const made = await csync2Cluster(t, { nodes: ['a', 'b'], group: { auto } });
  const { a, b } = made.nodes;
  a.put('f', 'base');
  await made.converged();
  await made.settled();
  made.cut('a', 'b');
  a.put('f', "a's version, the longer one");
  fs.utimesSync(a.path('f'), OLD, OLD);
  b.put('f', "b's version");
  fs.utimesSync(b.path('f'), NEW, NEW);
  await bothOwe(made.nodes, 1);
  // Two that come at once cross each other: csync2 has no rule for that.
  if (auto === 'first') await b.cli('pause', '--peer', 'a');
  made.heal('a', 'b');
  await made.converged();
  if (auto === 'first') await b.cli('resume', '--peer', 'a');
  assert.match(a.read('f') ?? '', new RegExp(`^${WINNERS[auto]}`));
  await made.proveEqual();
}

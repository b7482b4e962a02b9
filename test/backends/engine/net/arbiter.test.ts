import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeId } from '../../../../src/backends/engine/core/types.ts';
import { arbitrate } from '../../../../src/backends/engine/net/arbiter.ts';
import { Runs } from '../../../../src/backends/engine/net/runs.ts';

const low = 'web1' as NodeId;
const high = 'web2' as NodeId;
const call = (from: NodeId, gone: string[] = []) => ({ from, run: 'r', gone });
const link = { id: 'L', run: 'r' };

test('the call of the lower name is always taken', () => {
  for (const dial of ['none', 'reaching', 'greeting'] as const) {
    assert.equal(arbitrate(high, { link, dial }, call(low)), 'take');
  }
});

test('the lower name insists on its own dial once that has reached the other', () => {
  assert.equal(arbitrate(low, { link: null, dial: 'none' }, call(high)), 'take');
  assert.equal(arbitrate(low, { link: null, dial: 'reaching' }, call(high)), 'take');
  assert.equal(arbitrate(low, { link: null, dial: 'greeting' }, call(high)), 'duplicate');
});

test('a caller that has not seen the link yet is sent away; one that has lost it, or was restarted, is not', () => {
  assert.equal(arbitrate(low, { link, dial: 'none' }, call(high)), 'duplicate');
  assert.equal(arbitrate(low, { link, dial: 'none' }, call(high, ['K', 'L'])), 'take');
  assert.equal(arbitrate(low, { link: { id: 'L', run: 'before' }, dial: 'none' }, call(high)), 'take');
});

test('a restart is no clone; a run that comes back after another one is', () => {
  const runs = new Runs();
  for (const run of ['a', 'a', 'b', 'c', 'c']) assert.equal(runs.alive(run), 'ok');
  assert.equal(runs.alive('b'), 'clone');
  assert.ok(runs.isCloned('b') && runs.isCloned('c') && !runs.isCloned('a'));
  assert.equal(runs.alive('c'), 'clone');
  assert.equal(runs.alive('d'), 'ok');
});

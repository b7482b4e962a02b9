import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryStore } from '../../../../src/backends/engine/store/memory.ts';
import type { NodeId } from '../../../../src/backends/engine/core/types.ts';
import { Dots } from '../../../../src/backends/engine/sync/dots.ts';

test('I11: a counter between two runs was never given out here, and tells that the store is older than it was', () => {
  const store = new MemoryStore();
  let now = 1000;
  const node = 'n1' as NodeId;
  const before = new Dots(node, store, () => now);
  const { actor, counter } = before.next();
  before.save();
  now = 9000;
  const dots = new Dots(node, store, () => now);
  assert.equal(dots.isUnknown(actor, counter), false);
  assert.equal(dots.isUnknown(actor, 5000), true);
  const first = dots.next();
  assert.equal(first.counter, 9000);
  assert.equal(dots.isUnknown(actor, first.counter), false);
  assert.equal(dots.isUnknown(actor, 5000), true, 'also after a scan has found something to tell');
  assert.equal(dots.isUnknown(actor, 9001), true);
  dots.newEpoch();
  assert.equal(dots.isUnknown(actor, 5000), false);
});

test('I11: a store that took a lost one’s place makes other dots, though the clock went back', () => {
  const node = 'n1' as NodeId;
  const before = new Dots(node, new MemoryStore(), () => 5000);
  const after = new Dots(node, new MemoryStore(), () => 4900);
  assert.notEqual(before.actor, after.actor);
});

test('I11: a store that was restored twice makes other dots each time', () => {
  const node = 'n1' as NodeId;
  const actors = [1, 2].map(() => {
    const store = new MemoryStore();
    store.set('dots.epoch', '7');
    const dots = new Dots(node, store, () => 1000);
    dots.newEpoch();
    return dots.actor;
  });
  assert.notEqual(actors[0], actors[1]);
});

/** Virtual time and the simulated network: the same seed gives the same run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetNode } from '../../../kit/sim/net.ts';
import { SimNet } from '../../../kit/sim/net.ts';
import { Random } from '../../../kit/sim/random.ts';
import { Scheduler } from '../../../kit/sim/scheduler.ts';

interface Logged {
  readonly scheduler: Scheduler;
  readonly net: SimNet<number>;
  readonly log: string[];
}

function network(seed: number, names: readonly string[]): Logged {
  const random = new Random(seed);
  const scheduler = new Scheduler(random, 0);
  const net = new SimNet<number>(scheduler, random, { minDelay: 1, maxDelay: 40, reconnectMs: 500 });
  const log: string[] = [];
  const node = (name: string): NetNode<number> => ({
    connected: (peer) => void log.push(`${name}+${peer}`),
    disconnected: (peer) => void log.push(`${name}-${peer}`),
    received: (peer, message) => void log.push(`${name}<${peer}:${message}`),
  });
  for (const name of names) net.join(name, node(name));
  scheduler.runUntil(1000);
  return { scheduler, net, log };
}

test('events run in the order of time, and the same seed orders equal times equally', () => {
  const run = (seed: number): string => {
    const scheduler = new Scheduler(new Random(seed), 0);
    let order = '';
    for (const [name, at] of [
      ['c', 5],
      ['a', 1],
      ['b', 1],
      ['d', 9],
    ] as const) {
      scheduler.after(at, () => void (order += name));
    }
    scheduler.after(3, () => undefined).cancel();
    scheduler.runUntil(8);
    assert.equal(scheduler.now(), 8);
    return order;
  };
  const orders = new Set(Array.from({ length: 20 }, (_, seed) => run(seed)));
  assert.deepEqual([...orders].sort(), ['abc', 'bac']);
  assert.equal(run(7), run(7));
});

test('a connection keeps the order of its messages', () => {
  const { net, scheduler, log } = network(1, ['a', 'b']);
  for (let i = 0; i < 50; i++) net.send('a', 'b', i);
  scheduler.runUntil(5000);
  const received = log.filter((line) => line.startsWith('b<'));
  assert.deepEqual(
    received,
    Array.from({ length: 50 }, (_, i) => `b<a:${i}`),
  );
});

test('a cut loses the tail of what is on its way, tells both sides, and they connect again', () => {
  const { net, scheduler, log } = network(2, ['a', 'b']);
  log.length = 0;
  for (let i = 0; i < 50; i++) net.send('a', 'b', i);
  scheduler.runUntil(1020);
  net.cut('a', 'b');
  scheduler.runUntil(5000);
  const received = log.filter((line) => line.startsWith('b<a'));
  assert.ok(received.length < 50);
  assert.deepEqual(
    received,
    Array.from({ length: received.length }, (_, i) => `b<a:${i}`),
  );
  for (const line of ['a-b', 'b-a', 'a+b', 'b+a']) assert.ok(log.includes(line), line);
});

test('nothing crosses a partition until it is healed', () => {
  const { net, scheduler, log } = network(3, ['a', 'b', 'c']);
  net.partition('a', 'b');
  scheduler.runUntil(5000);
  assert.ok(!net.connected('a', 'b'));
  assert.ok(net.connected('a', 'c'));
  net.send('a', 'b', 1);
  net.healAll();
  scheduler.runUntil(9000);
  assert.ok(net.connected('a', 'b'));
  assert.ok(!log.includes('b<a:1'));
});

test('a process that is gone hears nothing, and the one after it only what is meant for it', () => {
  const { net, scheduler, log } = network(4, ['a', 'b']);
  net.send('a', 'b', 1);
  net.leave('b');
  assert.ok(log.includes('a-b'));
  scheduler.runUntil(2000);
  assert.ok(!log.includes('b<a:1'));
  assert.ok(!log.includes('b-a'));
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as settled } from 'node:timers/promises';
import { Turns } from '../../../src/backends/csync2/turns.ts';

/** Runs that note when they start and end when they are told to. */
function runs() {
  const turns = new Turns();
  const order: string[] = [];
  const ends = new Map<string, () => void>();
  const gives = new Map<string, () => void>();
  const begin = (name: string, kind: 'check' | 'update', signal?: AbortSignal) =>
    turns.run(
      kind,
      (giveWay) => {
        order.push(name);
        gives.set(name, giveWay);
        return new Promise<void>((resolve) => ends.set(name, resolve));
      },
      signal,
    );
  const end = async (name: string) => {
    ends.get(name)?.();
    await settled();
  };
  return { order, begin, end, giveWay: (name: string) => gives.get(name)?.() };
}

describe('turns at a database', () => {
  it('are one at a time, first come, first served, checks before updates', async () => {
    const { order, begin, end } = runs();
    const all = [
      begin('u1', 'update'),
      begin('u2', 'update'),
      begin('u3', 'update'),
      begin('c1', 'check'),
      begin('c2', 'check'),
    ];
    await settled();
    assert.deepEqual(order, ['u1']);
    for (const name of ['u1', 'c1', 'c2', 'u2', 'u3']) await end(name);
    assert.deepEqual(order, ['u1', 'c1', 'c2', 'u2', 'u3']);
    await Promise.all(all);
  });

  it('are given away once by a run that stalls, which goes on beside the next', async () => {
    const { order, begin, end, giveWay } = runs();
    const all = [begin('stalled', 'update'), begin('next', 'update'), begin('last', 'update')];
    await settled();
    giveWay('stalled');
    giveWay('stalled');
    await settled();
    assert.deepEqual(order, ['stalled', 'next']);
    await end('stalled');
    assert.deepEqual(order, ['stalled', 'next'], 'its end gives no second turn');
    await end('next');
    assert.deepEqual(order, ['stalled', 'next', 'last']);
    await end('last');
    await Promise.all(all);
  });

  it('pass on from a run that fails and past one that is aborted', async () => {
    const { order, begin, end } = runs();
    const turns = new Turns();
    await assert.rejects(
      turns.run('check', () => Promise.reject(new Error('failed'))),
      /failed/,
    );
    assert.equal(await turns.run('check', () => Promise.resolve(7)), 7);
    const abort = new AbortController();
    const first = begin('first', 'check');
    const second = begin('second', 'check', abort.signal);
    const third = begin('third', 'check');
    abort.abort();
    await assert.rejects(second, { name: 'AbortError' });
    await end('first');
    assert.deepEqual(order, ['first', 'third']);
    await end('third');
    await Promise.all([first, third]);
    await assert.rejects(begin('late', 'check', abort.signal), { name: 'AbortError' });
  });

  it('come to updates also while there are always checks', async () => {
    const { order, begin, end } = runs();
    const all = [begin('c0', 'check'), begin('u', 'update')];
    for (let index = 1; index < 30; index++) all.push(begin(`c${index}`, 'check'));
    await settled();
    for (let index = 0; index < 30 && !order.includes('u'); index++) await end(`c${index}`);
    assert.ok(order.length < 12, `after ${order.length} checks`);
    await end('u');
    for (let index = 0; index < 30; index++) await end(`c${index}`);
    await Promise.all(all);
  });
});

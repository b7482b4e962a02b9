import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cluster } from '../kit/cluster.ts';

test('a node that was away gets what it missed', async (t) => {
  const made = await cluster(t, { nodes: ['a', 'b', 'c'] });
  const { a, b, c } = made.nodes;
  a.put('kept', 'kept');
  a.put('edited', 'old');
  a.put('gone', 'gone');
  a.put('dir/gone', 'gone');
  await made.converged();

  await t.test('after it was stopped', async () => {
    assert.deepEqual(await c.stop(), { code: 0, signal: null });
    a.put('edited', 'new');
    b.remove('gone');
    a.remove('dir');
    b.put('deep/down/here', 'new');
    await made.converged([a, b]);
    await c.start();
    await made.converged();
    assert.ok(!c.exists('gone'));
  });

  await t.test('after it was killed', async () => {
    await b.kill9();
    a.put('edited', 'newer');
    c.put('while-b-was-down', 'x');
    await made.converged([a, c]);
    await b.start();
    await made.converged();
  });

  await t.test('and what was changed on it meanwhile is found when it starts', async () => {
    await c.stop();
    c.put('offline', 'made while the daemon was down');
    c.put('edited', 'edited while the daemon was down');
    c.remove('kept');
    a.put('online', 'x');
    await made.converged([a, b]);
    await c.start();
    await made.converged();
    assert.equal(a.read('edited'), 'edited while the daemon was down');
    assert.ok(!b.exists('kept'));
  });

  await t.test('after a cut', async () => {
    made.partition(['a', 'b'], ['c']);
    a.put('on-side-ab', 'x');
    c.put('on-side-c', 'y');
    await made.converged([a, b]);
    made.healAll();
    await made.converged();
    assert.equal(a.read('on-side-c'), 'y');
  });

  await t.test('after its cable was pulled', async () => {
    made.cable('b', 'down');
    b.put('by-b', 'x');
    a.put('by-a', 'y');
    await made.converged([a, c]);
    made.cable('b', 'up');
    await made.converged();
  });

  await t.test('after it was frozen', async () => {
    b.signal('SIGSTOP');
    a.put('while-b-was-frozen', 'x');
    await made.converged([a, c]);
    b.signal('SIGCONT');
    await made.converged();
  });

  await t.test('and all nodes agree that they are equal', () => made.proveEqual());
});

test('a node that starts last is found by itself', async (t) => {
  const made = await cluster(t, { nodes: ['a', 'b', 'c'], start: false });
  const { a, b, c } = made.nodes;
  await a.start();
  a.put('first', '1');
  await b.start();
  await made.converged([a, b]);
  b.put('second', '2');
  await c.start();
  await made.converged();
  await made.proveEqual();
});

test('a cut between two nodes delays nothing while a third reaches both', async (t) => {
  const made = await cluster(t, { nodes: ['a', 'b', 'c'] });
  const { a, b } = made.nodes;
  made.cut('a', 'b');
  a.put('from-a', 'x');
  await made.converged();
  b.put('from-b', 'y');
  await made.converged();
  b.remove('from-a');
  await made.converged();
  made.healAll();
  await made.connected();
  await made.proveEqual();
});

import { test } from 'node:test';
import { cluster, until } from '../kit/cluster.ts';

test('a cut that is noticed by both sides delays nothing while a third reaches both', async (t) => {
  const made = await cluster(t, { nodes: ['a', 'b', 'c'] });
  const { a, b } = made.nodes;
  made.cut('a', 'b');
  b.put('from-b', 'y');
  await made.converged();
  await until('a sees that b is away', async () => {
    const peers = (await a.status())?.groups['web']?.peers;
    return peers?.['b']?.state !== 'ok' && peers?.['c']?.state === 'ok';
  });
  a.put('while-away', 'z');
  await made.converged();
  made.healAll();
  await made.connected();
  await made.proveEqual();
});

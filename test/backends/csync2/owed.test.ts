import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Local } from '../../../src/backends/csync2/local.ts';
import type { Csync2Mapping } from '../../../src/backends/csync2/mapping.ts';
import { OwedToPeers } from '../../../src/backends/csync2/owed.ts';
import type { Owed } from '../../../src/backends/csync2/table.ts';

const mapping = (rootName: string): Csync2Mapping => ({ parts: { rootName } }) as Csync2Mapping;

it('what is owed is known by peer, of all mappings or of some', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
  const [a, b] = [mapping('/a'), mapping('/b')];
  let rows: Readonly<Record<string, Readonly<Record<string, Owed>>>> = {
    '/a': { web2: { names: 2, bytes: 10 }, web3: { names: 1, bytes: 0 } },
    '/b': { web2: { names: 3, bytes: 5 } },
  };
  const table = { owed: (name: string) => Promise.resolve(new Map(Object.entries(rows[name] ?? {}))) };
  const owed = new OwedToPeers({ table } as unknown as Local, () => [a, b]);
  await owed.refresh();
  assert.deepEqual(owed.to('web2'), { names: 5, bytes: 15 });
  assert.deepEqual(owed.to('web2', [a]), { names: 2, bytes: 10 });
  assert.deepEqual(owed.to('web3', [b]), { names: 0, bytes: 0 });
  assert.deepEqual(owed.to('web4'), { names: 0, bytes: 0 });

  t.mock.timers.tick(5_000);
  await owed.refresh();
  assert.equal(owed.lagSeconds('web2'), 5);
  owed.sentUpTo('web2', Date.now() - 1_000);
  assert.equal(owed.lagSeconds('web2'), 1, 'what is owed now came after the run began');
  owed.sentUpTo('web4', Date.now());
  assert.equal(owed.lagSeconds('web4'), 0);

  rows = {};
  await owed.refresh();
  assert.equal(owed.lagSeconds('web2'), 0);
  assert.equal(owed.lagSeconds('web3'), 0);
});

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Local } from '../../../src/backends/csync2/local.ts';
import { compareTables, type TableComparison } from '../../../src/backends/csync2/peer-tables.ts';
import { Csync2Host } from './hosts.ts';
import { localOf } from './mapping-kit.ts';
import { ODD_NAMES } from './recorder.ts';

describe('the tables of two nodes', () => {
  let here: Csync2Host;
  let peer: Csync2Host;
  let local: Local;
  beforeEach(async () => {
    here = new Csync2Host();
    peer = new Csync2Host();
    for (const host of [here, peer]) host.configure([here, peer]);
    local = localOf(here);
    await peer.listen();
  });
  afterEach(() => {
    local.close();
    for (const host of [here, peer]) host.close();
  });
  async function compared(limit?: number): Promise<TableComparison> {
    for (const host of [here, peer]) await host.program().run({ args: ['-cIr'], paths: [host.root] });
    const session = await local.session(peer.address, new AbortController().signal);
    try {
      return await compareTables(local, session, '%p%', limit);
    } finally {
      await session.close();
    }
  }

  it('are compared name by name, also behind the last one that is here', async () => {
    for (const host of [here, peer]) host.write('b', 'same');
    here.write('a', 'here');
    peer.write('zz', 'there');
    peer.write('zz-last/of all', 'there');
    here.write('m', 'x');
    peer.write('m', 'longer');
    const { divergences, isServed } = await compared();
    assert.equal(isServed, true);
    const found = divergences
      .filter(({ name }) => name !== '%p%/b')
      .map(({ name, ours, theirs }) => `${name} ${ours !== null} ${theirs !== null}`);
    assert.deepEqual(found.toSorted(), [
      '%p%/a true false',
      '%p%/m true true',
      '%p%/zz false true',
      '%p%/zz-last false true',
      '%p%/zz-last/of all false true',
    ]);
  });

  it('are the same whatever the names are', async () => {
    for (const host of [here, peer]) {
      for (const name of ODD_NAMES) host.write(name, name);
      for (const name of ODD_NAMES) host.setTime(name, 1_700_000_000);
    }
    assert.deepEqual((await compared()).divergences, []);
  });

  it('give no more differences than asked for', async () => {
    for (const name of ['a', 'b', 'c']) here.write(name, 'x');
    for (const name of ['x', 'y', 'z']) peer.write(name, 'x');
    assert.equal((await compared(2)).divergences.length, 2);
    assert.equal((await compared(4)).divergences.length, 4);
  });

  it('tell a peer that has not recorded its directory yet', async () => {
    await here.program().run({ args: ['-cIr'], paths: [here.root] });
    const session = await local.session(peer.address, new AbortController().signal);
    assert.equal((await compareTables(local, session, '%p%')).isServed, false);
    await session.close();
  });
});

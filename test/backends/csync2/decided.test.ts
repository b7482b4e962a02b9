/** A person's decision for this node's version, with real csync2s. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Decided } from '../../../src/backends/csync2/decided.ts';
import type { Local } from '../../../src/backends/csync2/local.ts';
import type { Csync2Mapping } from '../../../src/backends/csync2/mapping.ts';
import type { Other } from '../../../src/backends/csync2/members.ts';
import type { Csync2Host } from './hosts.ts';
import { changedOnBoth, servicesInMemory } from './mapping-kit.ts';

const never = new AbortController().signal;
const F = '%p%/f';

describe('a decision for this node’s version', () => {
  const services = servicesInMemory();
  let here: Csync2Host;
  let there: Csync2Host;
  let peer: Other;
  let local: Local;
  let mapping: Csync2Mapping;
  let decided: Decided;
  beforeEach(async () => {
    ({ here, there, local, mapping } = await changedOnBoth());
    peer = { node: 'there', host: there.address, receiveOnly: false, isFirst: false };
    decided = new Decided('g', services);
    decided.ours(mapping, [F], [peer]);
    await mapping.force([F], never);
  });
  afterEach(() => {
    services.kept.clear();
    local.close();
    for (const host of [here, there]) host.close();
  });
  const update = async (host: Csync2Host): Promise<number | null> =>
    (await host.program().run({ args: ['-u'] })).exitCode;
  function isForced(): boolean {
    const database = new DatabaseSync(here.databaseFile, { readOnly: true });
    const row = database.prepare('SELECT forced FROM dirty').get();
    database.close();
    return row?.['forced'] === 1;
  }

  it('is set anew when the peer has tried to send its own first, also after a restart', async () => {
    assert.equal(await update(there), 1, 'a conflict');
    assert.equal(isForced(), false, 'csync2 has forgotten it');
    assert.equal(await update(here), 1, 'so neither is taken');
    const after = new Decided('g', services);
    assert.equal(await after.uphold(mapping, peer, never), true);
    assert.equal(await update(here), 0);
    assert.equal(fs.readFileSync(join(there.root, 'f'), 'utf8'), `edited at ${here.address}`);
  });

  it('ends when the peer is owed it no more', async () => {
    assert.equal(await decided.uphold(mapping, peer, never), false, 'nothing is lost');
    assert.deepEqual(decided.at(mapping, 'there'), [F]);
    assert.equal(await update(here), 0);
    assert.equal(await decided.uphold(mapping, peer, never), false);
    assert.deepEqual(decided.at(mapping, 'there'), []);
  });

  it('ends when another version is decided for', async () => {
    decided.theirs(mapping, [F]);
    await update(there);
    assert.equal(await decided.uphold(mapping, peer, never), false);
    assert.equal(isForced(), false);
  });
});

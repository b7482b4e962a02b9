/** A person's decision for another node's version, with real csync2s. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { GivenUp } from '../../../src/backends/csync2/given-up.ts';
import type { Local } from '../../../src/backends/csync2/local.ts';
import type { Csync2Mapping } from '../../../src/backends/csync2/mapping.ts';
import { takeOver } from '../../../src/backends/csync2/take-over.ts';
import { Csync2Host } from './hosts.ts';
import { changedOnBoth, servicesInMemory } from './mapping-kit.ts';

const never = new AbortController().signal;
const F = '%p%/f';

describe('a decision for another node’s version', () => {
  const services = servicesInMemory();
  let here: Csync2Host;
  let there: Csync2Host;
  let local: Local;
  let mapping: Csync2Mapping;
  let givenUp: GivenUp;
  beforeEach(async () => {
    ({ here, there, local, mapping } = await changedOnBoth());
    givenUp = new GivenUp('g', services);
  });
  afterEach(() => {
    services.kept.clear();
    local.close();
    for (const host of [here, there]) host.close();
  });

  async function decide(winner = there.address): Promise<void> {
    const onGiveUp = (): Promise<void> => givenUp.begin(mapping, 'there', [F], never);
    await takeOver(mapping, { winner, losers: [], onGiveUp }, [F], never);
  }
  /**
   * As csync2 does here for a session of the winner that had found the file owed, and waited for the database while it was
   * given up: it refuses the winner's version, and owes its own to all.
   */
  async function markAnew(): Promise<void> {
    await here.program().run({ args: ['-m'], paths: [join(here.root, 'f')] });
  }
  const uphold = (of = givenUp): Promise<boolean> => of.uphold(mapping, ['there'], never);
  const update = async (host: Csync2Host): Promise<number | null> =>
    (await host.program().run({ args: ['-u'] })).exitCode;
  const content = (): string => fs.readFileSync(join(here.root, 'f'), 'utf8');
  const isOwed = async (): Promise<boolean> => (await local.table.peersOwed([F])).has(F);

  it('gives it up again when csync2 owes it anew, also after a restart', async () => {
    await decide();
    await markAnew();
    assert.equal(await update(there), 1, 'a conflict as before');
    const after = new GivenUp('g', services);
    assert.equal(await uphold(after), true);
    assert.equal(await update(there), 0);
    assert.equal(content(), `edited at ${there.address}`);
    assert.equal(await uphold(after), false);
    assert.deepEqual(after.names(mapping), []);
  });

  it('holds until the winner’s version is here', async () => {
    await decide();
    assert.equal(await uphold(), false, 'not owed');
    assert.deepEqual(givenUp.names(mapping), [F]);
    await markAnew();
    assert.equal(await uphold(), true);
    await markAnew();
    assert.equal(await uphold(), true);
    assert.equal(await isOwed(), false);
  });

  it('holds for what was deleted here', async () => {
    here.remove('f');
    await here.check();
    await decide();
    await markAnew();
    const database = new DatabaseSync(here.databaseFile);
    database
      .prepare('INSERT INTO dirty (filename, forced, myname, peername) VALUES (?, 0, ?, ?)')
      .run('%25p%25/f', here.address, there.address);
    database.close();
    assert.equal(await isOwed(), true);
    assert.equal(await uphold(), true);
    assert.equal(await update(there), 0);
    assert.equal(content(), `edited at ${there.address}`);
  });

  it('ends with a newer edit, which stays', async () => {
    await decide();
    here.write('f', 'edited once more');
    await here.check();
    assert.equal(await uphold(), false);
    assert.deepEqual(givenUp.names(mapping), []);
    assert.equal(await isOwed(), true);
    assert.equal(await update(there), 1, 'a conflict');
    assert.equal(content(), 'edited once more');
  });

  it('ends with a newer edit that csync2 cannot tell from what was given up', async () => {
    const { mtime } = fs.statSync(join(here.root, 'f'));
    const second = Math.floor(mtime.getTime() / 1000);
    here.setTime('f', second + 0.25);
    await decide();
    here.write('f', `EDITED at ${here.address}`);
    here.setTime('f', second + 0.5);
    await markAnew();
    assert.equal(await uphold(), false);
    assert.deepEqual(givenUp.names(mapping), []);
    assert.equal(await isOwed(), true);
  });

  it('strikes nothing that a session has recorded since', async () => {
    const [text = null] = (await local.table.texts([F])).values();
    await local.strike(new Map([[F, `${text}9`]]));
    assert.equal(await isOwed(), true);
    await local.strike(new Map([[F, text]]));
    assert.equal(await isOwed(), false);
  });

  it('ends when the winner is a node of the group no more', async () => {
    await decide();
    await markAnew();
    assert.equal(await givenUp.uphold(mapping, ['other'], never), false);
    assert.deepEqual(givenUp.names(mapping), []);
    assert.equal(await isOwed(), true);
  });

  it('begins only when something is given up', async () => {
    await assert.rejects(decide(new Csync2Host().address), { code: 'peer-unreachable' });
    assert.deepEqual(givenUp.names(mapping), []);
  });
});

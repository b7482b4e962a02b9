/** One host's version of a name becomes everybody's, with real csync2s. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Local } from '../../../src/backends/csync2/local.ts';
import type { Csync2Mapping } from '../../../src/backends/csync2/mapping.ts';
import { takeOver } from '../../../src/backends/csync2/take-over.ts';
import { Csync2Host } from './hosts.ts';
import { localOf, mappingOf } from './mapping-kit.ts';

const never = new AbortController().signal;

describe('taking over a version', () => {
  let hosts: readonly [Csync2Host, Csync2Host, Csync2Host];
  let local: Local;
  let mapping: Csync2Mapping;
  beforeEach(async () => {
    hosts = [new Csync2Host(), new Csync2Host(), new Csync2Host()];
    for (const host of hosts) {
      host.configure(hosts);
      host.write('f', 'old');
      host.setTime('f', 1_700_000_000);
      await host.program().run({ args: ['-cIr'], paths: [host.root] });
    }
    local = localOf(hosts[0]);
    mapping = mappingOf(hosts[0], local);
    await mapping.attach(never);
  });
  afterEach(() => {
    local.close();
    for (const host of hosts) host.close();
  });
  const content = (host: Csync2Host): string => fs.readFileSync(join(host.root, 'f'), 'utf8');
  async function edit(host: Csync2Host): Promise<void> {
    host.write('f', `edited at ${host.address}`);
    await host.check();
  }

  it('ends a conflict of three with one update of the winner', async () => {
    const [here, winner, loser] = hosts;
    for (const host of hosts) await edit(host);
    for (const host of [winner, loser]) await host.listen();
    await here.listen();
    const { exitCode } = await winner.program().run({ args: ['-u'] });
    assert.equal(exitCode, 1, 'a conflict');
    await takeOver(mapping, { winner: winner.address, losers: [loser.address] }, ['%p%/f'], never);
    for (const host of [winner, here, loser]) await host.program().run({ args: ['-u'] });
    for (const host of hosts) assert.equal(content(host), `edited at ${winner.address}`);
  });

  it('gives nothing up when the winner is not reached', async () => {
    const [here, winner, loser] = hosts;
    await edit(here);
    await assert.rejects(takeOver(mapping, { winner: winner.address, losers: [] }, ['%p%/f'], never), {
      code: 'peer-unreachable',
    });
    assert.deepEqual(await local.table.owedNames('%p%', loser.address, 10), ['%p%/f']);
  });

  it('goes on without a loser that is not reached', async () => {
    const [here, winner, loser] = hosts;
    await edit(here);
    await winner.listen();
    await here.listen();
    await takeOver(mapping, { winner: winner.address, losers: [loser.address] }, ['%p%/f'], never);
    await winner.program().run({ args: ['-u', '-P', here.address] });
    assert.equal(content(here), 'old');
    assert.deepEqual(await local.table.owedNames('%p%', winner.address, 10), []);
  });
});

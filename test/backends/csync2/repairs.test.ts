/** Tables that differ although nobody owes anything, with real csync2s. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Decided } from '../../../src/backends/csync2/decided.ts';
import type { Local } from '../../../src/backends/csync2/local.ts';
import type { Csync2Mapping } from '../../../src/backends/csync2/mapping.ts';
import { Meetings } from '../../../src/backends/csync2/meetings.ts';
import type { Other } from '../../../src/backends/csync2/members.ts';
import { Repairs } from '../../../src/backends/csync2/repairs.ts';
import type { Auto } from '../../../src/config/model.ts';
import { silentLogger } from '../../../src/util/log.ts';
import { Csync2Host } from './hosts.ts';
import { localOf, mappingOf, servicesInMemory } from './mapping-kit.ts';

const never = new AbortController().signal;

describe('what differs and is owed by nobody', () => {
  let here: Csync2Host;
  let there: Csync2Host;
  let peer: Other;
  let local: Local;
  let mapping: Csync2Mapping;
  let meetings: Meetings;
  let decided: Decided;
  beforeEach(async () => {
    [here, there] = [new Csync2Host(), new Csync2Host()];
    for (const host of [here, there]) host.configure([here, there], { group: 'auto younger;' });
    const services = servicesInMemory();
    local = localOf(here);
    mapping = mappingOf(here, local, { services });
    meetings = new Meetings({ group: 'g', auto: 'younger', receiveOnly: false, services });
    decided = new Decided('g', services);
    peer = { node: 'there', host: there.address, receiveOnly: false, isFirst: false };
    for (const [index, host] of [here, there].entries()) {
      host.write('f', `at ${host.address}`);
      host.setTime('f', 1_700_000_000 + index);
      host.write(`only-${index}`, 'x');
      await host.program().run({ args: ['-cIr'], paths: [host.root] });
      fs.symlinkSync('target', join(host.root, `link-${index}`));
      await host.program().run({ args: ['-cIr'], paths: [host.root] });
      await host.listen();
    }
    await mapping.attach(never);
  });
  afterEach(() => {
    local.close();
    for (const host of [here, there]) host.close();
  });
  const repairs = (auto: Auto = 'younger', others: readonly Other[] = [peer]): Repairs =>
    new Repairs({
      group: { auto, role: 'full' },
      log: silentLogger(),
      meetings,
      decided,
      others,
      exchanged: () => [mapping],
      signal: never,
    });
  const list = (host: Csync2Host): string[] =>
    fs
      .readdirSync(host.root)
      .toSorted()
      .map((name) =>
        name.startsWith('link') ? name : `${name}: ${fs.readFileSync(join(host.root, name), 'utf8')}`,
      );
  const update = async (...hosts: readonly Csync2Host[]): Promise<void> => {
    for (const host of hosts) await host.program().run({ args: ['-u'] });
  };

  it('is put right when it is found twice: by the policy, and so that nothing is lost', async () => {
    const one = repairs();
    assert.equal(await one.compare(mapping, peer), true);
    await update(here, there);
    assert.notDeepEqual(list(here), list(there), 'the first time nothing is done');
    assert.equal(await one.compare(mapping, peer), true);
    await update(here, there);
    assert.deepEqual(list(here), list(there));
    assert.deepEqual(list(here), [`f: at ${there.address}`, 'link-0', 'link-1', 'only-0: x', 'only-1: x']);
    assert.equal(await one.compare(mapping, peer), false);
  });

  it('is left to whoever owes it, in either direction', async () => {
    here.write('only-0', 'edited');
    await here.check();
    there.remove('only-1');
    there.write('f', 'edited, and older');
    there.setTime('f', 1_600_000_000);
    await there.check();
    const one = repairs();
    await one.compare(mapping, peer);
    await one.compare(mapping, peer);
    await update(there, here);
    assert.deepEqual(list(here), list(there));
    assert.ok(list(here).includes('f: edited, and older'));
    assert.ok(!list(here).some((line) => line.startsWith('only-1')));
  });

  it('is left alone when it was changed here and no look has seen it yet', async () => {
    const one = repairs();
    await one.compare(mapping, peer);
    here.write('f', 'edited here');
    await one.compare(mapping, peer);
    await update(there);
    assert.equal(fs.readFileSync(join(here.root, 'f'), 'utf8'), 'edited here');
  });

  it('is left alone where the peer does not select it', async () => {
    there.configure([here, there], { group: 'exclude %p%/only-0;' });
    const one = repairs();
    await one.compare(mapping, peer);
    await one.compare(mapping, peer);
    assert.ok(!(await local.table.owedNames('%p%', there.address, 10)).includes('%p%/only-0'));
  });

  it('is left to a third node that owes it, also when that one cannot be asked', async () => {
    const third = new Csync2Host();
    for (const host of [here, there, third]) host.configure([here, there, third], { group: 'auto younger;' });
    for (const host of [here, there, third]) {
      host.write('gone', 'x');
      host.setTime('gone', 1_700_000_000);
      await host.program().run({ args: ['-cIr'], paths: [host.root] });
    }
    third.remove('gone');
    await third.check();
    await third.program().run({ args: ['-u', '-P', there.address] });
    assert.ok(!list(there).includes('gone: x'), 'the deletion has reached one of two');
    const asOther = { node: 'third', host: third.address, receiveOnly: false, isFirst: false };
    const one = repairs('younger', [peer, asOther]);
    await one.compare(mapping, peer);
    await assert.rejects(one.compare(mapping, peer), { code: 'peer-unreachable' });
    await third.listen();
    try {
      await one.compare(mapping, peer);
      const owed = await local.table.owedNames('%p%', there.address, 10);
      assert.ok(!owed.includes('%p%/gone'));
      await update(third);
      assert.ok(!list(here).includes('gone: x'));
    } finally {
      third.close();
    }
  });

  it('is shown to a person where there is no policy', async () => {
    const one = repairs('none');
    await one.compare(mapping, peer);
    await one.compare(mapping, peer);
    assert.deepEqual([...meetings.undecided(mapping)], [['there', ['%p%/f']]]);
    await update(here, there);
    assert.equal(fs.readFileSync(join(here.root, 'f'), 'utf8'), `at ${here.address}`);
  });

  it('is no affair of a node that only receives', async () => {
    const one = repairs();
    assert.equal(await one.compare(mapping, peer), true);
    assert.equal(await one.compare(mapping, { ...peer, receiveOnly: true }), false);
    assert.deepEqual(await local.table.owedNames('%p%', there.address, 10), []);
  });
});

/** Two nodes whose csync2 knew nothing, at their first meeting. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Csync2Host } from './hosts.ts';
import { localOf, mappingOf, servicesInMemory } from './mapping-kit.ts';
import type { Local } from '../../../src/backends/csync2/local.ts';
import type { Csync2Mapping } from '../../../src/backends/csync2/mapping.ts';
import { Meetings } from '../../../src/backends/csync2/meetings.ts';
import type { Other } from '../../../src/backends/csync2/members.ts';
import type { Auto } from '../../../src/config/model.ts';
import type { NodeServices } from '../../../src/backends/node-services.ts';

const never = new AbortController().signal;

/** A host with what csyncd has of it. */
class Node {
  readonly host = new Csync2Host();
  readonly services = servicesInMemory();
  readonly name: string;
  readonly isFirst: boolean;

  constructor(name: string, isFirst: boolean) {
    this.name = name;
    this.isFirst = isFirst;
  }

  get asOther(): Other {
    return { node: this.name, host: this.host.address, receiveOnly: false, isFirst: this.isFirst };
  }

  open(auto: Auto, peer: Node): { local: Local; mapping: Csync2Mapping; meetings: Meetings } {
    const local = localOf(this.host);
    const services: NodeServices = this.services;
    const meetings = new Meetings({ group: 'g', auto, receiveOnly: false, services });
    const mapping = mappingOf(this.host, local, {
      services,
      onFirstRecord: () => meetings.expect(mapping, [peer.asOther]),
    });
    return { local, mapping, meetings };
  }
}

const ASKERS = ['the one that deleted', 'the other'] as const;
type Opened = ReturnType<Node['open']>;

describe('a first meeting', () => {
  let a: Node;
  let b: Node;
  const open: Local[] = [];
  beforeEach(async () => {
    a = new Node('a', true);
    b = new Node('b', false);
    for (const { host } of [a, b]) host.configure([a.host, b.host], { group: 'auto younger;' });
    for (const { host } of [a, b]) await host.listen();
  });
  afterEach(() => {
    for (const local of open.splice(0)) local.close();
    for (const { host } of [a, b]) host.close();
  });
  async function attached(node: Node, peer: Node, auto: Auto = 'younger'): Promise<Opened> {
    const opened = node.open(auto, peer);
    open.push(opened.local);
    await opened.mapping.attach(never);
    return opened;
  }
  const update = async (node: Node, peer: Node): Promise<void> => {
    await node.host.program().run({ args: ['-u', '-P', peer.host.address] });
  };
  const has = (node: Node, path: string): boolean => fs.existsSync(join(node.host.root, path));

  /** Both have the same names; what b has was written so many seconds later. */
  async function bothAttached(later = 0): Promise<readonly [Opened, Opened]> {
    for (const node of [a, b]) {
      for (const path of ['gone', 'dir/gone', 'kept']) {
        node.host.write(path, 'x');
        node.host.setTime(path, 1_700_000_000 + (node === b ? later : 0));
      }
    }
    return [await attached(a, b), await attached(b, a)];
  }
  function deleteAtA(): void {
    a.host.remove('gone');
    a.host.remove('dir');
  }
  async function recordedAt({ mapping }: Opened): Promise<void> {
    const { changed, again } = await mapping.look(null, never);
    assert.deepEqual({ changed, again }, { changed: 3, again: [] });
  }
  async function meetInTurn(atA: Opened, atB: Opened, first: (typeof ASKERS)[number]): Promise<void> {
    const meet = [
      () => atA.meetings.meet(atA.mapping, b.asOther, never),
      () => atB.meetings.meet(atB.mapping, a.asOther, never),
    ];
    for (const one of first === 'the other' ? meet.toReversed() : meet) await one();
  }
  async function updateBoth(): Promise<void> {
    for (const [node, peer] of [
      [b, a],
      [a, b],
      [b, a],
    ] as const)
      await update(node, peer);
  }
  function bothHaveOnlyKept(): void {
    for (const { name, host } of [a, b]) assert.deepEqual(fs.readdirSync(host.root), ['kept'], name);
  }

  for (const first of ASKERS) {
    for (const later of [0, 100]) {
      it(`brings no file back that was deleted before it, and is ${later} s younger at the other, when ${first} asks first`, async () => {
        const [atA, atB] = await bothAttached(later);
        deleteAtA();
        await recordedAt(atA);
        await meetInTurn(atA, atB, first);
        await updateBoth();
        bothHaveOnlyKept();
        assert.equal(atA.meetings.isDue(atA.mapping, 'b'), false);
      });
    }

    it(`brings no file back whose deletion is recorded after it only, when ${first} asks first`, async () => {
      const [atA, atB] = await bothAttached();
      deleteAtA();
      await meetInTurn(atA, atB, first);
      await updateBoth();
      await recordedAt(atA);
      await updateBoth();
      bothHaveOnlyKept();
    });
  }

  it('brings no file back whose deletion a session of a peer is about to mark anew', async () => {
    const [atA, atB] = await bothAttached();
    deleteAtA();
    await recordedAt(atA);
    const database = new DatabaseSync(a.host.databaseFile, { timeout: 10_000 });
    database.exec('CREATE TABLE marks AS SELECT * FROM dirty; DELETE FROM dirty');
    const { incoming } = atA.local;
    const quiet = incoming.quiet.bind(incoming);
    let isMarked = false;
    // The session is over: csync2 has set the marks that it had taken away.
    incoming.quiet = async (...args) => {
      if (!isMarked) database.exec('INSERT INTO dirty SELECT * FROM marks');
      isMarked = true;
      return quiet(...args);
    };
    await atA.meetings.meet(atA.mapping, b.asOther, never);
    database.close();
    await atB.meetings.meet(atB.mapping, a.asOther, never);
    await updateBoth();
    bothHaveOnlyKept();
  });

  it('brings no file back whose deletion the peer marks anew at this moment', async (t) => {
    const [atA, atB] = await bothAttached();
    deleteAtA();
    await recordedAt(atA);
    const open = atB.local.session.bind(atB.local);
    t.mock.method(atB.local, 'session', async (...given: Parameters<Local['session']>) => {
      const session = await open(...given);
      const ask = session.owesDeletion.bind(session);
      const asked = new Set<string>();
      session.owesDeletion = async (...words) => {
        if (asked.has(words[1])) return await ask(...words);
        asked.add(words[1]);
        return false;
      };
      return session;
    });
    await meetInTurn(atA, atB, 'the other');
    await updateBoth();
    bothHaveOnlyKept();
  });

  it('gives up what was recorded and owed before it, where the other version wins', async () => {
    const [atA] = await bothAttached(100);
    a.host.write('kept', 'older than at b');
    a.host.setTime('kept', 1_700_000_050);
    await a.host.check();
    const owed = (): Promise<string[]> => atA.local.table.owedNames('%p%', b.host.address, 10);
    assert.deepEqual(await owed(), ['%p%/kept']);
    await atA.meetings.meet(atA.mapping, b.asOther, never);
    assert.deepEqual(await owed(), []);
    await update(b, a);
    assert.equal(fs.readFileSync(join(a.host.root, 'kept'), 'utf8'), 'x');
  });

  for (const isRecorded of [true, false]) {
    it(`loses no edit that is made while it takes place, ${isRecorded ? '' : 'not '}recorded meanwhile`, async (t) => {
      const [atA, atB] = await bothAttached(100);
      const session = atA.local.session.bind(atA.local);
      let sessions = 0;
      t.mock.method(atA.local, 'session', async (...given: Parameters<Local['session']>) => {
        sessions += 1;
        // The tables have been compared, and the peer's version has won.
        if (sessions === 2) {
          a.host.write('kept', 'edited at a');
          if (isRecorded) await a.host.check();
        }
        return session(...given);
      });
      await atA.meetings.meet(atA.mapping, b.asOther, never);
      assert.ok(sessions > 1);
      await update(b, a);
      await atA.mapping.look(null, never);
      await atB.mapping.look(null, never);
      await updateBoth();
      for (const { host } of [a, b])
        assert.equal(fs.readFileSync(join(host.root, 'kept'), 'utf8'), 'edited at a');
      assert.equal(fs.statSync(join(a.host.root, 'gone')).mtimeMs, 1_700_000_100_000);
    });
  }

  it('of two at the same time comes to the same on both', async () => {
    for (const [node, time] of [
      [a, 1_700_000_000],
      [b, 1_700_000_100],
    ] as const) {
      for (const name of ['both', `only-${node.name}`]) node.host.write(name, `from ${node.name}`);
      fs.utimesSync(join(node.host.root, 'both'), time, time);
    }
    const [atA, atB] = [await attached(a, b), await attached(b, a)];
    await Promise.all([
      atA.meetings.meet(atA.mapping, b.asOther, never),
      atB.meetings.meet(atB.mapping, a.asOther, never),
    ]);
    for (let round = 0; round < 2; round++) {
      await update(a, b);
      await update(b, a);
    }
    for (const node of [a, b]) {
      assert.equal(fs.readFileSync(join(node.host.root, 'both'), 'utf8'), 'from b');
      assert.ok(has(node, 'only-a') && has(node, 'only-b'));
    }
  });

  it('that is broken off is due still, and comes to the same later', async () => {
    for (let index = 0; index < 20; index++) b.host.write(`f${index}`, 'x');
    const [atA] = [await attached(a, b), await attached(b, a)];
    const stopping = new AbortController();
    const strike = atA.local.strike.bind(atA.local);
    atA.local.strike = async (...args) => {
      await strike(...args);
      stopping.abort(new Error('stopped'));
    };
    await assert.rejects(atA.meetings.meet(atA.mapping, b.asOther, stopping.signal));
    assert.equal(atA.meetings.isDue(atA.mapping, 'b'), true);
    const again = await attached(a, b);
    assert.equal(again.meetings.isDue(again.mapping, 'b'), true, 'also after a restart');
    await again.meetings.meet(again.mapping, b.asOther, never);
    await update(b, a);
    assert.equal(fs.readdirSync(a.host.root).length, 20);
  });

  it('waits for a peer that has not recorded its directory yet', async () => {
    a.host.write('f', 'x');
    const atA = await attached(a, b);
    await assert.rejects(atA.meetings.meet(atA.mapping, b.asOther, never), /does not serve/);
    assert.equal(atA.meetings.isDue(atA.mapping, 'b'), true);
  });

  it('leaves to a person what the policy does not decide, until both have the same', async () => {
    a.host.write('f', 'a');
    b.host.write('f', 'longer');
    const [atA] = [await attached(a, b, 'none'), await attached(b, a, 'none')];
    await atA.meetings.meet(atA.mapping, b.asOther, never);
    assert.deepEqual([...atA.meetings.undecided(atA.mapping)], [['b', ['%p%/f']]]);
    atA.meetings.agreed(atA.mapping, 'b', new Set(['%p%/f']));
    assert.equal(atA.meetings.undecided(atA.mapping).size, 0);
  });
});

import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { PeerLane, type PeerLaneOptions } from '../../../src/backends/csync2/peer-lane.ts';
import type { Outcome } from '../../../src/backends/csync2/peer-run.ts';
import type { ProgramSettings } from '../../../src/backends/csync2/program.ts';
import { tlsProblem } from '../../../src/backends/csync2/tls-problem.ts';
import { Turns } from '../../../src/backends/csync2/turns.ts';
import { systemClock, type Clock } from '../../../src/util/clock.ts';
import { silentLogger } from '../../../src/util/log.ts';
import { until } from '../../kit/cluster/until.ts';
import { Csync2Host, PORT } from './hosts.ts';

const HASTE = 20;
const began = Date.now();
/** Time goes by twenty times as fast. */
const hasty: Clock = {
  ...systemClock,
  now: () => began + (Date.now() - began) * HASTE,
  after: (ms, run) => systemClock.after(ms / HASTE, run),
};
/** Waits never end. */
const still: Clock = { ...systemClock, after: () => () => undefined };

describe('a peer’s lane', () => {
  let here: Csync2Host;
  let peer: Csync2Host;
  let other: Csync2Host;
  let turns: Turns;
  const lanes: PeerLane[] = [];
  const configure = (config?: Parameters<Csync2Host['configure']>[1]): void => {
    for (const host of [here, peer, other]) host.configure([here, peer, other], config);
  };
  beforeEach(() => {
    here = new Csync2Host();
    peer = new Csync2Host();
    other = new Csync2Host();
    turns = new Turns();
    configure();
  });
  afterEach(async () => {
    await Promise.all(lanes.splice(0).map((lane) => lane.stop()));
    for (const host of [here, peer, other]) host.close();
  });

  function laneTo(
    to: Csync2Host,
    options: Partial<PeerLaneOptions> = {},
    settings: Partial<ProgramSettings> = {},
  ) {
    const outcomes: Outcome[] = [];
    const lane = new PeerLane({
      peer: to.address,
      program: here.program({ binary: counted(here), ...settings }),
      turns,
      clock: hasty,
      log: silentLogger(),
      owed: () => owed(here, to),
      databaseFile: here.databaseFile,
      groups: () => null,
      onOutcome: (outcome) => void outcomes.push(outcome),
      ...options,
    });
    lanes.push(lane);
    return { lane, outcomes };
  }

  async function change(name: string, content: string): Promise<void> {
    here.write(name, content);
    await here.check();
  }

  it('sends what is owed, also what is marked meanwhile, and rests', async () => {
    await peer.listen();
    await change('a', 'x');
    const { lane, outcomes } = laneTo(peer, {
      onOutcome: async (outcome) => {
        outcomes.push(outcome);
        if (outcomes.length === 1) await change('b', 'x');
      },
    });
    const before = hasty.now();
    lane.kick();
    await until('nothing is owed', () => owed(here, peer) === 0 && outcomes.length === 2);
    assert.deepEqual(
      outcomes.map(({ sent }) => sent.map(({ name }) => name).filter((name) => name !== '%p%')),
      [['%p%/a'], ['%p%/b']],
    );
    assert.ok((outcomes[0]?.startedAt ?? 0) >= before);
    await until('it rests', () => lane.status().state === 'ok');
    assert.deepEqual(
      { ...lane.status(), lastSeen: null },
      {
        state: 'ok',
        lastSeen: null,
        lastError: null,
        remedy: null,
        failed: [],
      },
    );
    lane.kick();
    await until('a look', () => (lane.status().lastSeen ?? 0) > 0);
    assert.equal(runs(here), 2, 'no run for nothing');
  });

  it('starts no run while the peer is off, and sends when it is back', async () => {
    await change('a', 'x');
    const { lane, outcomes } = laneTo(peer);
    lane.kick();
    await until('it is down', () => lane.status().state === 'down');
    assert.match(lane.status().remedy ?? '', /listener/);
    assert.equal(runs(here), 0);
    await peer.listen();
    await until('it is sent', () => owed(here, peer) === 0 && lane.status().state === 'ok');
    assert.equal(runs(here), 1);
    assert.equal(outcomes.length, 1);
    assert.equal(lane.status().lastError, null);
  });

  it('notices that the peer goes while nothing is owed', async () => {
    await peer.listen();
    await here.program().run({ args: ['-cIr'], paths: [here.root] });
    const { lane } = laneTo(peer);
    lane.kick();
    await until('it is there', () => lane.status().state === 'ok');
    peer.close();
    await until('it is gone', () => lane.status().state === 'down');
  });

  it('tries at once what somebody waits for', async () => {
    await change('a', 'x');
    const { lane } = laneTo(peer, { clock: still });
    lane.kick();
    await until('it is down', () => lane.status().state === 'down');
    await peer.listen();
    lane.hurry();
    await until('it is sent', () => owed(here, peer) === 0);
  });

  it('gives its turn away when the peer falls silent, and gives the peer up when it is gone', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket)).listen(PORT, peer.address);
    await other.listen();
    await change('a', 'x');
    const { lane, outcomes } = laneTo(peer, {}, { stallMs: 100 });
    const { lane: healthy } = laneTo(other);
    lane.kick();
    await until('a call', () => sockets.length > 1);
    healthy.kick();
    await until('the other has it', () => owed(here, other) === 0);
    assert.equal(outcomes.length, 0, 'the silent one is still waited for');
    silent.close();
    await until('it is given up', () => outcomes.length > 0);
    assert.equal(outcomes[0]?.stalled, true);
    assert.equal(outcomes[0].problem?.reason, 'unreachable');
    assert.equal(lane.status().state, 'down');
    for (const socket of sockets) socket.destroy();
  });

  it('finds out why a file is refused, once, and sends it when it can be', async () => {
    await peer.listen();
    await change('both', 'here');
    peer.write('both', 'there, first');
    await peer.check();
    await change('fine', 'x');
    const { lane, outcomes } = laneTo(peer);
    lane.kick();
    await until('several tries', () => outcomes.length > 3);
    assert.deepEqual(
      outcomes[0]?.failed.map(({ name, reason }) => [name, reason]),
      [['%p%/both', 'unknown']],
    );
    for (const { failed, conflicts } of outcomes.slice(1, 4)) {
      assert.deepEqual(
        failed.map(({ name, reason }) => [name, reason]),
        [['%p%/both', 'conflict']],
      );
      assert.equal(conflicts[0]?.conflict, 'left');
    }
    const { state, lastError, remedy } = lane.status();
    assert.equal(state, 'ok');
    assert.match(lastError ?? '', /^%p%\/both: File is also marked dirty here!/);
    assert.match(remedy ?? '', /resolve/);
    assert.ok(calls(here).filter((line) => line.includes('-vvv')).length < 3, 'not with each try');
    assert.equal(owed(here, peer), 1);
    await here.program().run({ args: ['-f'], paths: [join(here.root, 'both')] });
    lane.hurry();
    await until('it is sent', () => owed(here, peer) === 0);
    await until('it rests', () => lane.status().lastError === null);
  });

  it('says that a peer refuses everything, and why', async () => {
    await peer.listen();
    await change('a', 'x');
    peer.setKey(`${'b'.repeat(64)}\n`);
    const { lane } = laneTo(peer);
    lane.kick();
    await until('it is refused', () => lane.status().state === 'rejected');
    assert.match(lane.status().remedy ?? '', /key/);
    peer.configure([here, peer], { hosts: `host ${here.address} ${other.address};` });
    lane.hurry();
    await until('it is not known there', () => lane.status().lastError === 'Config command failed.');
    configure();
    peer.setKey(`${'k'.repeat(64)}\n`);
    lane.hurry();
    await until('it is sent', () => lane.status().state === 'ok' && owed(here, peer) === 0);
  });

  it('sends nothing while it is paused, and only the groups that are not', async () => {
    await peer.listen();
    await change('a', 'x');
    let groups: readonly string[] | null = [];
    const { lane } = laneTo(peer, { groups: () => groups });
    lane.kick();
    await until('it is paused', () => lane.status().state === 'paused');
    assert.equal(runs(here), 0);
    groups = ['g'];
    lane.regroup();
    await until('it is sent', () => owed(here, peer) === 0);
    assert.ok(calls(here)[0]?.endsWith('-G g'));
  });

  it('sends nothing that is not ready when the peer answers', async () => {
    await change('a', 'x');
    await peer.listen();
    let ready: readonly string[] = [];
    const { lane } = laneTo(peer, {
      clock: still,
      groups: () => ['g'],
      ready: () => ready,
    });
    lane.kick();
    await until('it rests', () => lane.status().state === 'ok');
    assert.equal(runs(here), 0);
    ready = ['g'];
    lane.hurry();
    await until('it is sent', () => owed(here, peer) === 0);
  });

  it('ends a run that is paused or stopped in the middle', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket)).listen(PORT, peer.address);
    await change('a', 'x');
    let groups: readonly string[] | null = null;
    const { lane, outcomes } = laneTo(peer, { groups: () => groups });
    const gone = () => sockets.splice(0).every((socket) => socket.resume());
    lane.kick();
    await until('a call', () => sockets.length > 1);
    groups = [];
    lane.regroup();
    await until('it is paused', () => lane.status().state === 'paused');
    gone();
    groups = null;
    lane.regroup();
    await until('a call', () => sockets.length > 1);
    await lane.stop();
    lane.kick();
    lane.hurry();
    assert.deepEqual(outcomes, []);
    gone();
    silent.close();
  });

  it('explains certificates that cannot come together', async () => {
    here.makeCertificate('/CN=one');
    peer.makeCertificate('/CN=other');
    configure({ tls: true });
    await peer.listen();
    await change('a', 'x');
    const explainTls = () => tlsProblem(here.dir, here.databaseFile, peer.address);
    assert.equal(await explainTls(), null);
    const { lane } = laneTo(peer, { explainTls });
    lane.kick();
    await until('it is refused', () => lane.status().state === 'rejected');
    assert.match(lane.status().lastError ?? '', /issued by CN=one, the peer's subject is CN=other/);
    assert.match(lane.status().remedy ?? '', /same subject/);
  });

  it('says that csync2 cannot run here', async () => {
    await peer.listen();
    await change('a', 'x');
    const { lane } = laneTo(peer, {}, { binary: '/nonexistent/csync2' });
    lane.kick();
    await until('an error', () => lane.status().lastError !== null);
    assert.equal(lane.status().state, 'connecting');
    assert.match(lane.status().remedy ?? '', /apt-get install csync2/);
  });
});

/** csync2 that also writes down what it is called with. */
function counted(host: Csync2Host): string {
  const file = join(host.dir, 'csync2.sh');
  fs.writeFileSync(file, `#!/bin/sh\necho "$*" >> ${join(host.dir, 'calls')}\nexec csync2 "$@"\n`, {
    mode: 0o755,
  });
  return file;
}

function calls(host: Csync2Host): string[] {
  const file = join(host.dir, 'calls');
  return fs.existsSync(file) ? fs.readFileSync(file, 'latin1').trimEnd().split('\n') : [];
}

function runs(host: Csync2Host): number {
  return calls(host).length;
}

function owed(host: Csync2Host, to: Csync2Host): number {
  const database = new DatabaseSync(host.databaseFile, { timeout: 5000 });
  try {
    const row = database.prepare('SELECT count(*) AS rows FROM dirty WHERE peername = ?').get(to.address);
    return Number(row?.['rows']);
  } finally {
    database.close();
  }
}

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, it } from 'node:test';
import { Listener } from '../../../src/backends/csync2/listener.ts';
import { ListenerOutput, type ListenerEvent } from '../../../src/backends/csync2/listener-output.ts';
import type { ProgramSettings } from '../../../src/backends/csync2/program.ts';
import { progressOf } from '../../../src/backends/csync2/progress.ts';
import { systemClock, type Clock } from '../../../src/util/clock.ts';
import { silentLogger } from '../../../src/util/log.ts';
import { until } from '../../kit/cluster/until.ts';
import { Csync2Host, KEY, PORT } from './hosts.ts';

/** Waits are a hundredth of what they are. */
const hasty: Clock = { ...systemClock, after: (ms, run) => systemClock.after(ms / 100, run) };

const started: Listener[] = [];
afterEach(async () => {
  for (const listener of started.splice(0)) await listener.stop();
});

function listen(host: Csync2Host, settings: Partial<ProgramSettings> = {}, silentS?: number) {
  const events: ListenerEvent[] = [];
  const onEvent = (event: ListenerEvent): void => void events.push(event);
  const listener = new Listener({
    program: host.program(settings),
    clock: hasty,
    log: silentLogger(),
    onEvent,
    ...(silentS === undefined ? {} : { silentS }),
  });
  started.push(listener);
  listener.start();
  return { listener, events };
}

/** Rows as of files that are not there: more than fits the buffers of a connection. */
function fillTable(host: Csync2Host, rows: number): void {
  const database = new DatabaseSync(host.databaseFile);
  try {
    database.exec(`INSERT INTO file (filename, checktxt)
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
      SELECT '%25p%25/listed/' || i, hex(randomblob(50)) FROM n`);
  } finally {
    database.close();
  }
}

describe('csync2’s listener', () => {
  const host = new Csync2Host();
  const peer = new Csync2Host();
  for (const each of [host, peer]) each.configure([host, peer]);
  const update = () => peer.program().run({ args: ['-u', '-P', host.address] });

  it('serves peers and tells what they did', async () => {
    const { listener, events } = listen(host);
    await listener.ready();
    for (const name of ['a b', 'caf\xe9', 'line\nbreak']) peer.write(name, 'x');
    await peer.check();
    assert.equal((await update()).exitCode, 0);
    peer.remove('a b');
    peer.write('caf\xe9', 'from the peer');
    host.write('caf\xe9', 'from this node');
    await peer.check();
    assert.equal((await update()).exitCode, 1);
    await until('both sessions', () => events.filter(({ kind }) => kind === 'closed').length === 2);
    const session = events.find(({ kind }) => kind === 'connected')?.session;
    assert.ok(typeof session === 'number');
    assert.deepEqual(
      events.filter((event) => event.session === session),
      [
        { kind: 'connected', session, address: peer.address },
        ...['a b', 'caf\xe9', 'line\nbreak'].map((name) => ({
          kind: 'updated',
          session,
          name: `%p%/${name}`,
          peer: peer.address,
        })),
        { kind: 'closed', session },
      ],
    );
    const second = events.filter((event) => event.session !== null && event.session !== session);
    assert.deepEqual(
      // What meets a change of this node's own is marked as often as csync2 looks at it.
      [...new Set(second.map((event) => `${event.kind} ${'name' in event ? event.name : ''}`))],
      ['connected ', 'updated %p%/a b', 'marked %p%/caf\xe9', 'closed '],
    );
  });

  it('tells what is wrong with this node’s config', async () => {
    const { listener, events } = listen(host);
    await listener.ready();
    host.configure([host, peer], { hosts: `host ${peer.address};` });
    peer.write('another', 'x');
    await peer.check();
    await update();
    const found = await until('a problem', () => events.find(({ kind }) => kind === 'problem'));
    assert.equal(found.kind === 'problem' && found.problem.reason, 'own-config');
    host.configure([host, peer]);
  });

  it('ends with its sessions', async () => {
    const { listener, events } = listen(host);
    await listener.ready();
    const call = createConnection(PORT, host.address);
    call.on('error', () => undefined).write('CONFIG \n');
    await once(call, 'data');
    const session = await until('a session', () => events.find(({ kind }) => kind === 'connected')?.session);
    call.resume();
    const closed = once(call, 'close');
    await listener.stop();
    assert.equal(progressOf(session), null);
    await closed;
  });

  it('ends after its sessions when it is told to: nothing that they brought counts as changed here', async () => {
    const { listener, events } = listen(host);
    await listener.ready();
    for (let index = 0; index < 100; index++) peer.write(`many/${index}`, 'x');
    await peer.check();
    const updated = update();
    await until('a session', () => events.some(({ kind }) => kind === 'updated'));
    await listener.stop(60_000);
    await updated;
    assert.equal(fs.readdirSync(`${host.root}/many`).length, 100);
    const { stderr } = await host.program().run({ args: ['-v', '-cr'], paths: [host.root] });
    assert.deepEqual(
      stderr.filter((line) => line.includes('Marking') && line.includes('many/')),
      [],
    );
  });

  it('ends a session whose peer takes nothing any more, which would keep the database locked', async () => {
    host.configure([host, peer], { top: 'lock-timeout 1;' });
    const { listener, events } = listen(host, {}, 3);
    await listener.ready();
    await host.check();
    fillTable(host, 60_000);
    const call = createConnection({ port: PORT, host: host.address, localAddress: peer.address });
    call
      .on('error', () => undefined)
      .write(`CONFIG \nHELLO ${peer.address}\nLIST ${host.address} - ${KEY.trim()}\n`);
    await once(call, 'readable');
    const session = await until('a session', () => events.find(({ kind }) => kind === 'connected')?.session);
    host.write('own', 'x');
    await host.check();
    await until('its end', () => progressOf(session) === null);
    call.destroy();
    host.configure([host, peer]);
  });

  it('is started again when it dies, also with a session open', async () => {
    const { listener, events } = listen(host);
    await listener.ready();
    const call = createConnection(PORT, host.address).on('error', () => undefined);
    call.write('CONFIG \n');
    await once(call, 'data');
    process.kill(listenerProcess(host), 'SIGKILL');
    await until('another', () => events.filter(({ kind }) => kind === 'listening').length === 2);
    await listener.ready();
    assert.equal(listener.problem(), null);
    call.destroy();
  });

  it('says who is in the way, and starts when the way is free', async () => {
    const { listener: first } = listen(host);
    await first.ready();
    const { listener, events } = listen(host);
    await assert.rejects(listener.ready(), { code: 'csync2-port-taken' });
    assert.equal(listener.problem()?.code, 'csync2-port-taken');
    assert.ok(progressOf(listenerProcess(host)) !== null, 'the other one is left alone');
    await first.stop();
    await until('it listens', () => events.some(({ kind }) => kind === 'listening'));
    await listener.ready();
  });

  it('says why it cannot start', async () => {
    const rejection = async (settings: Partial<ProgramSettings>, code: string) => {
      const { listener } = listen(host, settings);
      await assert.rejects(listener.ready(), { code });
      await listener.stop();
    };
    await rejection({ host: '192.0.2.1' }, 'csync2-address');
    await rejection({ host: 'no.such.host.invalid' }, 'csync2-address');
    await rejection({ binary: '/nonexistent/csync2' }, 'csync2-missing');
    await rejection({ binary: host.dir }, 'csync2-unusable');
    await rejection({ binary: '/bin/false' }, 'csync2-listener');
    fs.writeFileSync(host.program().killSwitch(), '');
    await rejection({}, 'csync2-locked');
    fs.rmSync(host.program().killSwitch());
  });

  it('ends when the daemon is killed', async () => {
    const daemon = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      `import { Listener } from '${new URL('../../../src/backends/csync2/listener.ts', import.meta.url).href}';
       import { Csync2Program } from '${new URL('../../../src/backends/csync2/program.ts', import.meta.url).href}';
       const program = new Csync2Program(${JSON.stringify(host.program().settings)});
       const clock = { now: Date.now, random: Math.random, after: () => () => {} };
       new Listener({ program, clock, log: console, onEvent: () => {} }).start();`,
    ]);
    await until('it listens', () => canConnect(host));
    daemon.kill('SIGKILL');
    await until('it ends', async () => !(await canConnect(host)));
  });
});

describe('lines of several sessions', () => {
  it('are told apart as far as they can be', () => {
    const events: ListenerEvent[] = [];
    const output = new ListenerOutput((event) => events.push(event));
    const lines = [
      '<7> <8> Updated %p%/a from one.',
      'Updated %p%/b from two.',
      '<7> Updated %p%/never finished',
      '<8> Connection closed.',
      '<8> something else',
    ];
    for (const line of lines) output.line(line);
    assert.deepEqual(events, [
      { kind: 'updated', session: 8, name: '%p%/a', peer: 'one' },
      { kind: 'updated', session: null, name: '%p%/b', peer: 'two' },
      { kind: 'other', session: 7, line: 'Updated %p%/never finished' },
      { kind: 'closed', session: 8 },
      { kind: 'other', session: 8, line: 'something else' },
    ]);
  });
});

/** Whether somebody listens there, found out without calling: by trying to take the place. */
async function canConnect(host: Csync2Host): Promise<boolean> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once('error', () => resolve(true));
    server.listen(PORT, host.address, () => server.close(() => resolve(false)));
  });
}

function listenerProcess(host: Csync2Host): number {
  const found = fs.readdirSync('/proc').find((pid) => {
    try {
      const words = fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
      return words[0] === 'csync2' && words.includes('-ii') && words.includes(host.databaseDir);
    } catch {
      return false;
    }
  });
  return Number(found);
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeId } from '../../../../src/backends/engine/core/types.ts';
import type { Message } from '../../../../src/backends/engine/wire/messages.ts';
import { group, OTHER_KEY, TestNode } from './nodes.ts';

const bound = { timeout: 60_000 };
const web = group('web', ['web1', 'web2', 'web3']);
const ping = (time: number): Message => ({ kind: 'ping', time });

test('two nodes link up, and know of each other what the handshake told', bound, async (t) => {
  const web1 = await TestNode.start(t, 'web1', [web], { clock: { now: () => 1_000_000 } });
  const web2 = await TestNode.start(t, 'web2', [web], { clock: { now: () => 1_005_000 }, features: [] });
  await web1.meet(web2);
  await web2.meet(web1);
  const [there, here] = await Promise.all([web1.linkTo(web2), web2.linkTo(web1)]);
  assert.equal(there.peer, 'web2');
  assert.deepEqual([...there.groups], ['web']);
  assert.deepEqual([...there.features], []);
  assert.equal(there.runId, web2.network.runId);
  assert.equal(there.clockSkewMs, 5000);
  assert.equal(here.clockSkewMs, -5000);
  assert.deepEqual([...there.refused], []);
});

test('three nodes link up in pairs, whoever is dialed', bound, async (t) => {
  const nodes = await Promise.all(['web1', 'web2', 'web3'].map((name) => TestNode.start(t, name, [web])));
  await Promise.all(nodes.map((node) => node.meet(...nodes.filter((other) => other !== node))));
  for (const node of nodes) {
    for (const other of nodes) if (other !== node) await node.linkTo(other);
  }
});

test('messages arrive in order, bulk frames too, in both directions', bound, async (t) => {
  const web1 = await TestNode.start(t, 'web1', [web]);
  const web2 = await TestNode.start(t, 'web2', [web]);
  await web1.meet(web2);
  await web2.meet(web1);
  for (const [from, to] of [
    [web1, web2],
    [web2, web1],
  ] as const) {
    const link = await from.linkTo(to);
    for (let time = 0; time < 100; time++) link.send(ping(time));
    const bodies = Array.from({ length: 40 }, (_, i) => Buffer.alloc(100_000, i));
    await Promise.all(
      bodies.map((body, i) => link.bulk.send({ stream: i, type: 1, header: { offset: i }, body })),
    );
    await to.line('message', ({ message }) => message.kind === 'ping' && message.time === 99);
    await to.line('bulk', ({ frame }) => frame.stream === 39);
    const times = to.lines.flatMap((line) =>
      line.kind === 'message' && line.message.kind === 'ping' ? [line.message.time] : [],
    );
    assert.deepEqual(
      times,
      Array.from({ length: 100 }, (_, i) => i),
    );
    const frames = to.lines.flatMap((line) => (line.kind === 'bulk' ? [line.frame] : []));
    assert.deepEqual(
      frames.map(({ stream }) => stream),
      bodies.map((_, i) => i),
    );
    assert.ok(
      frames.every(
        ({ body }, i) => body !== null && Buffer.compare(body, bodies[i] ?? Buffer.alloc(0)) === 0,
      ),
    );
  }
});

test('nodes that dial each other at the same moment end with one link, and it stays', bound, async (t) => {
  for (let round = 0; round < 15; round++) {
    const web1 = await TestNode.start(t, 'web1', [web]);
    const web2 = await TestNode.start(t, 'web2', [web]);
    await Promise.all([web1.meet(web2), web2.meet(web1)]);
    const [there, here] = await Promise.all([web1.linkTo(web2), web2.linkTo(web1)]);
    there.send(ping(7));
    await here.bulk.send({ stream: 1, type: 1, header: null, body: null });
    await Promise.all([web2.line('message'), web1.line('bulk')]);
    assert.equal(web1.count('closed') + web2.count('closed'), 0);
    assert.equal(web1.count('linked') + web2.count('linked'), 2);
    assert.equal(web1.count('problem') + web2.count('problem'), 0);
    await Promise.all([web1.network.stop(), web2.network.stop()]);
  }
});

test('it is enough that one of the two can be dialed, whichever it is', bound, async (t) => {
  for (const [caller, called] of [
    ['web1', 'web2'],
    ['web2', 'web1'],
  ] as const) {
    const dialer = await TestNode.start(t, caller, [web]);
    const listener = await TestNode.start(t, called, [web]);
    // The other way leads to a port where nobody listens.
    await listener.meet({ name: caller, port: 1 });
    await listener.line('problem', ({ problem }) => problem.code === 'down');
    await dialer.meet(listener);
    await Promise.all([dialer.linkTo(listener), listener.linkTo(dialer)]);
  }
});

test('a link that is closed tells the other side why, and is made again', bound, async (t) => {
  const web1 = await TestNode.start(t, 'web1', [web]);
  const web2 = await TestNode.start(t, 'web2', [web]);
  await Promise.all([web1.meet(web2), web2.meet(web1)]);
  const [link] = await Promise.all([web1.linkTo(web2), web2.linkTo(web1)]);
  link.close('tired of it');
  assert.equal(web1.lines.at(-1)?.kind, 'closed');
  await web2.line('closed', ({ reason }) => reason === 'web1 closed the link: tired of it');
  await web1.line('linked', (line) => line.link !== link);
  await assert.rejects(link.bulk.send({ stream: 1, type: 1, header: null, body: null }), /tired of it/);
});

test('a restarted peer is linked again at once, as another run', bound, async (t) => {
  const web1 = await TestNode.start(t, 'web1', [web]);
  const before = await TestNode.start(t, 'web2', [web]);
  await Promise.all([web1.meet(before), before.meet(web1)]);
  const first = await web1.linkTo(before);
  await before.network.stop();
  const after = await TestNode.start(t, 'web2', [web], { pins: before.pins });
  await after.meet(web1);
  const second = (await web1.line('linked', (line) => line.link !== first)).link;
  assert.notEqual(second.runId, first.runId);
});

test('a receiver that is busy holds the sender back, and only bulk', bound, async (t) => {
  const web1 = await TestNode.start(t, 'web1', [web]);
  const web2 = await TestNode.start(t, 'web2', [web]);
  const gate = Promise.withResolvers<void>();
  web2.takeBulk = () => gate.promise;
  await web1.meet(web2);
  await web2.meet(web1);
  const link = await web1.linkTo(web2);
  const body = Buffer.alloc(1024 * 1024);
  let sent = 0;
  const total = 100;
  const sending = (async () => {
    for (; sent < total; sent++) await link.bulk.send({ stream: sent, type: 1, header: null, body });
  })();
  await web2.line('bulk');
  for (let time = 0; time < 50; time++) {
    link.send(ping(time));
    await web2.line('message', ({ message }) => message.kind === 'ping' && message.time === time);
  }
  assert.equal(web2.count('bulk'), 1);
  assert.ok(sent < total / 2, `${sent} MiB were sent although nobody took them`);
  gate.resolve();
  await sending;
  await web2.line('bulk', ({ frame }) => frame.stream === total - 1);
});

test('a send rate holds rows and bulk back, lets pings pass, and can be lifted', bound, async (t) => {
  const slow = { sendRate: 1000, receiveRate: 0 };
  // Without zstd, which would make next to nothing of these bytes.
  const web1 = await TestNode.start(t, 'web1', [web], { limits: slow, features: [] });
  const web2 = await TestNode.start(t, 'web2', [web]);
  await web1.meet(web2);
  await web2.meet(web1);
  const link = await web1.linkTo(web2);
  await link.bulk.send({ stream: 1, type: 1, header: null, body: Buffer.alloc(1_000_000) });
  const rows: Message = { kind: 'rows', group: 'web', mapping: 'shared', prev: 0, last: 0, rows: [] };
  link.send(rows);
  link.send({ kind: 'mark', group: 'web', mapping: 'shared', seq: 1, knowledge: new Map() });
  link.send(ping(1));
  const blocked = link.bulk.send({ stream: 2, type: 1, header: null, body: null });
  await web2.line('message', ({ message }) => message.kind === 'ping');
  assert.equal(web2.count('message'), 1);
  assert.ok(link.queuedBytes() > 0);
  await web1.change({ limits: { sendRate: 0, receiveRate: 0 } });
  await blocked;
  await web2.line('message', ({ message }) => message.kind === 'mark');
  assert.deepEqual(
    web2.lines.flatMap((line) => (line.kind === 'message' ? [line.message.kind] : [])),
    ['ping', 'rows', 'mark'],
  );
});

test('a receive rate stops reading bulk, and can be lifted', bound, async (t) => {
  const web1 = await TestNode.start(t, 'web1', [web], { features: [] });
  const web2 = await TestNode.start(t, 'web2', [web], { limits: { sendRate: 0, receiveRate: 1000 } });
  await web1.meet(web2);
  await web2.meet(web1);
  const link = await web1.linkTo(web2);
  const body = Buffer.alloc(1_000_000);
  for (const stream of [1, 2, 3]) await link.bulk.send({ stream, type: 1, header: null, body });
  await web2.line('bulk', ({ frame }) => frame.stream === 2);
  link.send(ping(1));
  await web2.line('message');
  assert.equal(web2.count('bulk'), 2);
  await web2.change({ limits: { sendRate: 0, receiveRate: 0 } });
  await web2.line('bulk', ({ frame }) => frame.stream === 3);
});

test('a peer that breaks the protocol loses its link, and is told what it did', bound, async (t) => {
  const web1 = await TestNode.start(t, 'web1', [web]);
  const web2 = await TestNode.start(t, 'web2', [web]);
  await web1.meet(web2);
  await web2.meet(web1);
  const link = await web1.linkTo(web2);
  await web2.linkTo(web1);
  link.send({ kind: 'close', group: 'NOT A NAME', mapping: 'shared', code: '', reason: '' });
  await web2.line('closed', ({ reason }) => reason.startsWith('web1 broke the protocol: group'));
  await web1.line('closed', ({ reason }) => reason.includes('web2 closed the link: group'));
});

test('a nudge dials now', bound, async (t) => {
  const hour = 3_600_000;
  const timing = { firstRetryMs: hour, maxRetryMs: hour };
  const web1 = await TestNode.start(t, 'web1', [web], { timing });
  const web2 = await TestNode.start(t, 'web2', [group('web', web.members, OTHER_KEY)], { timing });
  await web2.meet({ name: 'web1', port: 1 });
  await web1.meet(web2);
  await web1.line('problem', ({ problem }) => problem.code === 'refused-key');
  await web2.change({ groups: [web] });
  web1.network.nudge('web2' as NodeId);
  await web1.linkTo(web2);
});

/** Callers who are no peers: what they send is dropped, what they cost is bounded, and peers do not notice. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { frameHeader, FrameReader, FrameType } from '../../../../src/backends/engine/wire/frame.ts';
import { decodeGreeting, encodeGreeting } from '../../../../src/backends/engine/wire/greeting.ts';
import type { Greeting, Hello } from '../../../../src/backends/engine/wire/greeting.ts';
import { MAX_GREETING_FRAME } from '../../../../src/backends/engine/wire/limits.ts';
import { proofOf } from '../../../../src/backends/engine/net/proof.ts';
import { dialTls, keyingMaterial } from '../../../../src/backends/engine/net/tls.ts';
import { group, identityOf, KEY, TestNode } from './nodes.ts';

const bound = { timeout: 60_000 };
const web = group('web', ['web1', 'web2', 'evil']);

async function victim(t: TestContext, timing = {}): Promise<TestNode> {
  const node = await TestNode.start(t, 'web1', [web], { timing });
  await node.meet({ name: 'web2', port: 1 });
  return node;
}

async function rawClient(t: TestContext, node: TestNode): Promise<TLSSocket> {
  const address = { host: '127.0.0.1', port: node.port };
  const { socket } = await dialTls(address, await identityOf('evil'), new AbortController().signal);
  t.after(() => socket.destroy());
  socket.on('error', () => undefined);
  return socket;
}

/** Unlike `once`, content with a connection that ends in an error. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}

/** The frames that come back until the connection ends. */
async function repliesOf(socket: TLSSocket): Promise<Greeting[]> {
  const reader = new FrameReader(MAX_GREETING_FRAME);
  const greetings: Greeting[] = [];
  socket.on('data', (chunk: Buffer) => {
    reader.push(chunk);
    for (let frame = reader.next(); frame !== null; frame = reader.next())
      greetings.push(decodeGreeting(frame));
  });
  await closed(socket);
  return greetings;
}

function helloFor(socket: TLSSocket, changed: Partial<Hello> = {}): Hello {
  const keyingMaterial_ = keyingMaterial(socket);
  const of = {
    keyingMaterial: keyingMaterial_,
    role: 'dialer',
    prover: 'web2',
    verifier: 'web1',
    group: 'web',
  } as const;
  return {
    node: 'web2',
    to: 'web1',
    run: 'run-1',
    version: '0.1.0',
    features: [],
    time: 0,
    channel: 'control',
    link: 'link-1',
    gone: [],
    groups: [{ name: 'web', proof: proofOf(KEY, of) }],
    ...changed,
  };
}

function say(socket: TLSSocket, greeting: Greeting): void {
  for (const part of encodeGreeting(greeting)) socket.write(part);
}

async function settles(node: TestNode): Promise<void> {
  while (node.network.pending() > 0) await new Promise(setImmediate);
}

test('the test client links up when it behaves', bound, async (t) => {
  const node = await victim(t);
  const socket = await rawClient(t, node);
  say(socket, { kind: 'hello', ...helloFor(socket) });
  say(socket, { kind: 'accept' });
  await node.linkTo('web2');
});

test('a hello recorded on another connection proves nothing', bound, async (t) => {
  const node = await victim(t);
  const recorded = helloFor(await rawClient(t, node));
  const socket = await rawClient(t, node);
  say(socket, { kind: 'hello', ...recorded });
  const [reply] = await repliesOf(socket);
  assert.equal(reply?.kind === 'bye' && reply.code, 'wrong-key');
  assert.equal(node.count('linked'), 0);
});

test('a proof is refused when one bit of it, the names or the role is another', bound, async (t) => {
  const node = await victim(t);
  const tampered: ((socket: TLSSocket) => Partial<Hello>)[] = [
    (socket) => {
      const proof = helloFor(socket).groups[0]?.proof ?? '';
      return { groups: [{ name: 'web', proof: `${proof.startsWith('0') ? '1' : '0'}${proof.slice(1)}` }] };
    },
    () => ({ node: 'evil' }),
    (socket) => {
      const of = { prover: 'web1', verifier: 'web2', role: 'listener', group: 'web' } as const;
      return {
        groups: [{ name: 'web', proof: proofOf(KEY, { keyingMaterial: keyingMaterial(socket), ...of }) }],
      };
    },
  ];
  for (const change of tampered) {
    const socket = await rawClient(t, node);
    say(socket, { kind: 'hello', ...helloFor(socket, change(socket)) });
    const [reply] = await repliesOf(socket);
    assert.equal(reply?.kind === 'bye' && reply.code, 'wrong-key');
  }
  assert.equal(node.count('linked'), 0);
});

test(
  'a bulk connection for a link that does not exist, or is somebody else’s, is refused',
  bound,
  async (t) => {
    const node = await victim(t);
    const socket = await rawClient(t, node);
    say(socket, { kind: 'hello', ...helloFor(socket, { channel: 'bulk', link: 'link-9' }) });
    const [reply] = await repliesOf(socket);
    assert.equal(reply?.kind === 'bye' && reply.code, 'duplicate');
  },
);

const garbage = {
  'random bytes': Buffer.from(Array.from({ length: 4000 }, (_, i) => (i * 7919) & 0xff)),
  'a frame of 4 GiB': Buffer.from([0xff, 0xff, 0xff, 0xff, FrameType.hello]),
  'a frame just beyond the limit': frameHeader(FrameType.hello, MAX_GREETING_FRAME + 1),
  'a hello that is no JSON': Buffer.concat([frameHeader(FrameType.hello, 4), Buffer.from('{"a"')]),
  'a hello without fields': Buffer.concat([frameHeader(FrameType.hello, 2), Buffer.from('{}')]),
  'a message before the handshake': Buffer.concat([frameHeader(FrameType.json, 2), Buffer.from('{}')]),
  'rows before the handshake': Buffer.concat([frameHeader(FrameType.rowsZstd, 4), Buffer.alloc(4, 0xff)]),
  'accept instead of hello': frameHeader(FrameType.accept, 0),
  'nested arrays': Buffer.concat([frameHeader(FrameType.hello, 60_000), Buffer.alloc(60_000, '[')]),
};
for (const [what, bytes] of Object.entries(garbage)) {
  test(`${what} from an unknown caller: told, dropped, reported`, bound, async (t) => {
    const node = await victim(t);
    const socket = await rawClient(t, node);
    socket.write(bytes);
    const [reply] = await repliesOf(socket);
    assert.equal(reply?.kind === 'bye' && reply.code, 'protocol');
    const { problem } = await node.line('stranger');
    assert.equal(problem.code, 'refused-protocol');
    await settles(node);
  });
}

test('a caller without TLS, or with an old one, is dropped and reported once', bound, async (t) => {
  const node = await victim(t);
  for (let i = 0; i < 5; i++) {
    const socket = connectTcp(node.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.end('GET / HTTP/1.1\r\n\r\n');
    socket.resume();
    await closed(socket);
  }
  const { from, problem } = await node.line('stranger');
  assert.match(from, /^127\.0\.0\.1:\d+$/);
  assert.equal(problem.code, 'refused-protocol');
  assert.equal(problem.message, `${from} called and does not speak csyncd's protocol: http request`);
  await settles(node);
  assert.equal(node.count('stranger'), 1);
});

test('who says nothing, or too slowly, is dropped when the time is over', bound, async (t) => {
  const node = await victim(t, { handshakeMs: 300 });
  const silent = connectTcp(node.port, '127.0.0.1');
  silent.on('error', () => undefined);
  silent.resume();
  // On a busy machine the time may be over before TLS stands, which is a drop as well.
  const slow = await rawClient(t, node).catch(() => null);
  if (slow !== null && !slow.destroyed) {
    const drip = setInterval(() => slow.write(Buffer.from([0])), 10);
    t.after(() => clearInterval(drip));
    slow.write(frameHeader(FrameType.hello, 60_000));
    slow.resume();
    await closed(slow);
  }
  await closed(silent);
  await settles(node);
});

test('many silent callers hold a bounded number of places, and a peer still gets in', bound, async (t) => {
  const node = await victim(t, { maxPending: 8 });
  const sockets: Socket[] = [];
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  for (let i = 0; i < 50; i++) {
    const socket = connectTcp(node.port, '127.0.0.1');
    socket.on('error', () => undefined);
    sockets.push(socket);
    await once(socket, 'connect');
  }
  const peer = await TestNode.start(t, 'web2', [web]);
  await peer.meet(node);
  await node.linkTo(peer);
  assert.ok(node.network.pending() <= 8);
});

test('a linked peer is not disturbed by those who claim its name', bound, async (t) => {
  const node = await victim(t);
  const peer = await TestNode.start(t, 'web2', [web]);
  await peer.meet(node);
  const link = await node.linkTo(peer);
  const problems = node.count('problem');
  const socket = await rawClient(t, node);
  say(socket, { kind: 'hello', ...helloFor(socket) });
  const [reply] = await repliesOf(socket);
  assert.equal(reply?.kind === 'bye' && reply.code, 'certificate');
  link.send({ kind: 'ping', time: 1 });
  await peer.line('message');
  assert.equal(node.count('problem'), problems);
  assert.equal(node.count('stranger'), 1);
});

test('a peer that floods, once linked, is held to the limits of a frame', bound, async (t) => {
  const node = await victim(t);
  const socket = await rawClient(t, node);
  say(socket, { kind: 'hello', ...helloFor(socket) });
  say(socket, { kind: 'accept' });
  await node.linkTo('web2');
  socket.resume();
  socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff, FrameType.rows]));
  await node.line('closed', ({ reason }) => /web2 broke the protocol: a frame of \d+ bytes/.test(reason));
});

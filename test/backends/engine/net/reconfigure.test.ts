import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { CsyncdError } from '../../../../src/util/errors.ts';
import { group, OTHER_KEY, TestNode } from './nodes.ts';

const bound = { timeout: 60_000 };
const names = ['web1', 'web2', 'web3'];
const web = group('web', names);

async function trio(t: Parameters<typeof TestNode.start>[0]): Promise<[TestNode, TestNode, TestNode]> {
  const [a, b, c] = await Promise.all(names.map((name) => TestNode.start(t, name, [web])));
  assert.ok(a && b && c);
  return [a, b, c];
}

test(
  'a peer that is added is linked, one that is removed is dropped, the third notices nothing',
  bound,
  async (t) => {
    const [web1, web2, web3] = await trio(t);
    await web2.meet(web1);
    await web3.meet(web1);
    await web1.meet(web2);
    const stays = await web1.linkTo(web2);
    await web1.meet(web2, web3);
    await web1.linkTo(web3);
    await web1.meet(web2);
    await web1.line('closed', ({ peer }) => peer === 'web3');
    await web3.line('closed', ({ reason }) => /no longer a peer/.test(reason));
    stays.send({ kind: 'ping', time: 1 });
    await web2.line('message');
    assert.equal(web2.count('linked'), 1);
  },
);

test('a changed key drops the links that used it, and no other', bound, async (t) => {
  const web1 = await TestNode.start(t, 'web1', [
    group('web', ['web1', 'web2']),
    group('db', ['web1', 'web3']),
  ]);
  const web2 = await TestNode.start(t, 'web2', [group('web', ['web1', 'web2'])]);
  const web3 = await TestNode.start(t, 'web3', [group('db', ['web1', 'web3'])]);
  await Promise.all([web1.meet(web2, web3), web2.meet(web1), web3.meet(web1)]);
  const [toWeb2, toWeb3] = await Promise.all([web1.linkTo(web2), web1.linkTo(web3)]);
  const changed = group('web', ['web1', 'web2'], OTHER_KEY);
  await web1.change({ groups: [changed, group('db', ['web1', 'web3'])] });
  await web2.line('closed');
  await web2.line('problem', ({ problem }) => problem.code === 'refused-key');
  await web2.change({ groups: [changed] });
  await web1.line('linked', ({ peer, link }) => peer === 'web2' && link !== toWeb2);
  toWeb3.send({ kind: 'ping', time: 1 });
  await web3.line('message');
  assert.equal(web3.count('closed'), 0);
});

test('another address of a peer is used at the next dial', bound, async (t) => {
  const [web1, web2] = await trio(t);
  await web2.meet({ name: 'web1', port: 1 });
  await web1.meet({ name: 'web2', port: 1 });
  await web1.line('problem');
  await web1.meet(web2);
  await web1.linkTo(web2);
});

test('another port to listen on: links stay, new calls come in there', bound, async (t) => {
  const [web1, web2, web3] = await trio(t);
  await web2.meet(web1);
  await web1.meet(web2, { name: 'web3', port: 1 });
  const link = await web1.linkTo(web2);
  const before = web1.port;
  await web1.change({ listen: { host: 'localhost', port: 0 } });
  assert.notEqual(web1.port, before);
  link.send({ kind: 'ping', time: 1 });
  await web2.line('message');
  await web3.change({ peers: [{ name: 'web1' as never, host: 'localhost', port: web1.port }] });
  await web3.linkTo(web1);
  assert.equal(web2.count('closed'), 0);
});

test(
  'a port in use is an error with a hint, at the start and at a change, which then changes nothing',
  bound,
  async (t) => {
    const other = createServer().listen(0, '127.0.0.1');
    t.after(() => other.close());
    await once(other, 'listening');
    const address = other.address();
    assert.ok(typeof address === 'object' && address !== null);
    const listen = { host: '127.0.0.1', port: address.port };
    const inUse = (error: unknown) =>
      error instanceof CsyncdError &&
      error.code === 'port-in-use' &&
      error.hint?.includes(`:${address.port}`) === true;
    await assert.rejects(TestNode.start(t, 'web1', [web], { listen }), inUse);
    const [web1, web2] = await trio(t);
    await assert.rejects(web1.change({ listen, groups: [] }), inUse);
    await web1.meet(web2).catch(() => undefined);
    web1.settings = { ...web1.settings, listen: { host: '127.0.0.1', port: 0 }, groups: [web] };
    await web2.meet(web1);
    await web1.meet(web2);
    await web1.linkTo(web2);
  },
);

test('IPv6', bound, async (t) => {
  const web1 = await TestNode.start(t, 'web1', [web], { listen: { host: '::1', port: 0 } });
  const web2 = await TestNode.start(t, 'web2', [web], { listen: { host: '::1', port: 0 } });
  await web2.change({ peers: [{ name: 'web1' as never, host: '::1', port: web1.port }] });
  await web1.change({ peers: [{ name: 'web2' as never, host: '::1', port: web2.port }] });
  await web1.linkTo(web2);
});

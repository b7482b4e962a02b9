import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { GroupKey } from '../../../../src/backends/engine/net/group-key.ts';
import type { Identity } from '../../../../src/backends/engine/net/identity.ts';
import type { LinkProblem } from '../../../../src/backends/engine/net/link.ts';
import { createAuthority } from './authority.ts';
import { group, identityOf, memoryPins, OTHER_KEY, TestNode } from './nodes.ts';

const bound = { timeout: 60_000 };
const web = group('web', ['web1', 'web2']);
const nowhere = (name: string) => ({ name, port: 1 });

/** web1 dials web2, who waits to be called; neither gets a link. What each is told. */
async function refusedOnBothSides(
  t: TestContext,
  dialer: { groups: readonly GroupKey[]; identity?: Identity },
  listener: { groups: readonly GroupKey[]; identity?: Identity; name?: string },
  code: LinkProblem['code'],
  heard: 'problem' | 'stranger' = 'problem',
): Promise<{ dialer: LinkProblem; listener: LinkProblem }> {
  const { groups, identity } = dialer;
  const web1 = await TestNode.start(t, 'web1', groups, {
    ...(identity && { identity }),
  });
  const web2 = await TestNode.start(t, listener.name ?? 'web2', listener.groups, {
    ...(listener.identity && { identity: listener.identity }),
  });
  await web2.meet(nowhere(web2.name === 'web1' ? 'web2' : 'web1'));
  await web1.meet({ name: 'web2', port: web2.port });
  const [dialing, listening] = await Promise.all([
    web1.line('problem'),
    web2.line(heard, ({ problem }) => problem.code !== 'down'),
  ]);
  assert.equal(web1.count('linked') + web2.count('linked'), 0);
  assert.equal(dialing.problem.code, code);
  assert.equal(listening.problem.code, code);
  return { dialer: dialing.problem, listener: listening.problem };
}

test('another key for the group', bound, async (t) => {
  const other = { groups: [group('web', web.members, OTHER_KEY)] };
  const told = await refusedOnBothSides(t, { groups: [web] }, other, 'refused-key');
  assert.match(told.dialer.message, /web2 refuses this node: web2 has another key for group web/);
  assert.match(told.listener.message, /^web1 at 127\.0\.0\.1:\d+ has another key for group web$/);
});

test('a group that the other side does not have', bound, async (t) => {
  const other = { groups: [group('db', web.members)] };
  const told = await refusedOnBothSides(t, { groups: [web] }, other, 'foreign-group');
  assert.match(told.dialer.message, /there is no group web on web2/);
  assert.match(told.listener.message, /speaks of a group web that is not configured here/);
  // The groups that web2 does have are nobody's business.
  assert.doesNotMatch(told.dialer.message, /db/);
});

test('a group whose hosts do not name the caller', bound, async (t) => {
  const other = { groups: [group('web', ['web2', 'web9']), group('db', ['web1', 'web2'])] };
  const told = await refusedOnBothSides(t, { groups: [web] }, other, 'foreign-group');
  assert.match(told.dialer.message, /group web on web2 has no host web1/);
  assert.match(told.listener.message, /claims to be in group web, whose hosts do not name it here/);
});

test('an address that leads to another node', bound, async (t) => {
  const other = { groups: [group('web', ['web1', 'web3'])], name: 'web3' };
  const told = await refusedOnBothSides(t, { groups: [web] }, other, 'refused-identity');
  assert.match(told.dialer.message, /the node at this address is web3, not web2/);
  assert.match(told.listener.message, /calls this node web2, but it is web3/);
});

test('two nodes with one name', bound, async (t) => {
  const other = { groups: [web], name: 'web1' };
  const told = await refusedOnBothSides(t, { groups: [web] }, other, 'refused-identity', 'stranger');
  assert.match(told.dialer.message, /the node at this address is called web1 as well/);
  assert.match(told.listener.message, /^a second node calls itself web1: the one at 127/);
});

test('an address that leads back to the node itself', bound, async (t) => {
  const web1 = await TestNode.start(t, 'web1', [web]);
  await web1.meet({ name: 'web2', port: web1.port });
  const { problem } = await web1.line('problem');
  assert.equal(problem.code, 'refused-identity');
  assert.match(problem.message, /the address of web2 leads back to the node itself/);
});

test('a certificate that has changed, until it is forgotten', bound, async (t) => {
  const pins = memoryPins();
  const old = await identityOf('web2');
  const fresh = await identityOf('web2', 1);
  pins.pin('web2', old.fingerprint, 0);
  for (const dialer of ['web1', 'web2']) {
    const web1 = await TestNode.start(t, 'web1', [web], { pins });
    const web2 = await TestNode.start(t, 'web2', [web], { identity: fresh });
    await web1.meet(dialer === 'web1' ? web2 : nowhere('web2'));
    await web2.meet(dialer === 'web2' ? web1 : nowhere('web1'));
    const [here, there] = await Promise.all(
      [web1, web2].map((node) =>
        node.line('problem', ({ problem }) => problem.code === 'refused-certificate'),
      ),
    );
    for (const line of [here, there]) {
      assert.ok(line?.problem.message.includes(old.fingerprint));
      assert.ok(line?.problem.message.includes(fresh.fingerprint));
      assert.match(`${line?.problem.message} ${line?.problem.hint}`, /csyncd peers forget web2/);
    }
    assert.equal(web1.count('linked') + web2.count('linked'), 0);
    if (dialer === 'web2') {
      assert.ok(pins.forget('web2'));
      await Promise.all([web1.linkTo(web2), web2.linkTo(web1)]);
      assert.equal(pins.get('web2')?.fingerprint, fresh.fingerprint);
    }
    await Promise.all([web1.network.stop(), web2.network.stop()]);
  }
});

test('nothing is pinned for a caller who does not have the key', bound, async (t) => {
  const web1 = await TestNode.start(t, 'web1', [group('web', web.members, OTHER_KEY)]);
  const web2 = await TestNode.start(t, 'web2', [web]);
  await web2.meet(nowhere('web1'));
  await web1.meet(web2);
  await web1.line('problem', ({ problem }) => problem.code === 'refused-key');
  assert.deepEqual([...web1.pins.list(), ...web2.pins.list()], []);
});

test(
  'with a CA: its certificates link up, unpinned; any other is refused on both sides',
  bound,
  async (t) => {
    const [puppet, other] = await Promise.all([createAuthority('Puppet CA'), createAuthority('Other CA')]);
    const mine = await puppet.issue('web1');
    await t.test('one CA', async (t) => {
      const web1 = await TestNode.start(t, 'web1', [web], { identity: mine });
      const web2 = await TestNode.start(t, 'web2', [web], { identity: await puppet.issue('web2') });
      await Promise.all([web1.meet(web2), web2.meet(web1)]);
      await Promise.all([web1.linkTo(web2), web2.linkTo(web1)]);
      assert.deepEqual([...web1.pins.list(), ...web2.pins.list()], []);
    });
    const impostors = {
      'self-signed': [await identityOf('web2'), /not valid under/],
      'another CA': [{ ...(await other.issue('web2')), ca: null }, /not valid under/],
      expired: [{ ...(await puppet.issue('web2', -1)), ca: null }, /not valid under.*EXPIRED/i],
      'the name of another': [{ ...(await puppet.issue('web3')), ca: null }, /does not name web2/],
    } as const;
    for (const [what, [identity, why]] of Object.entries(impostors)) {
      await t.test(what, async (t) => {
        const dialed = await refusedOnBothSides(
          t,
          { groups: [web], identity: mine },
          { groups: [web], identity },
          'refused-certificate',
        );
        assert.match(dialed.dialer.message, why);
      });
    }
  },
);

test('a group that only one side can prove is left out of the link, and both know why', bound, async (t) => {
  const members = web.members;
  const web1 = await TestNode.start(t, 'web1', [web, group('db', members), group('old', members)]);
  const web2 = await TestNode.start(t, 'web2', [web, group('db', members, OTHER_KEY), group('new', members)]);
  await web2.meet(nowhere('web1'));
  await web1.meet(web2);
  const [there, here] = await Promise.all([web1.linkTo(web2), web2.linkTo(web1)]);
  for (const link of [there, here]) assert.deepEqual([...link.groups], ['web']);
  const codes = (refused: ReadonlyMap<string, LinkProblem>) =>
    [...refused].map(([name, { code }]) => [name, code]);
  assert.deepEqual(codes(there.refused), [
    ['db', 'refused-key'],
    ['old', 'foreign-group'],
  ]);
  assert.deepEqual(codes(here.refused), [
    ['db', 'refused-key'],
    ['old', 'foreign-group'],
    ['new', 'foreign-group'],
  ]);
});

test('two daemons under one name are both refused, once the first shows that it lives', bound, async (t) => {
  const web1 = await TestNode.start(t, 'web1', [web]);
  const original = await TestNode.start(t, 'web2', [web]);
  const copy = await TestNode.start(t, 'web2', [web]);
  await web1.meet(nowhere('web2'));
  await original.meet(web1);
  await original.linkTo(web1);
  await copy.meet(web1);
  const seen = await web1.line('problem', ({ problem }) => /two daemons run as web2/.test(problem.message));
  assert.equal(seen.problem.code, 'refused-identity');
  for (const node of [original, copy]) {
    await node.line('problem', ({ problem }) => problem.code === 'refused-identity');
  }
});

test('a peer that is not there, or is another program', bound, async (t) => {
  const web1 = await TestNode.start(t, 'web1', [web]);
  await web1.meet(nowhere('web2'));
  const { problem } = await web1.line('problem');
  assert.equal(problem.message, 'no link to web2 (127.0.0.1:1): nothing listens there');
  const ssh = createServer((socket) => socket.on('error', () => undefined).write('SSH-2.0-OpenSSH_9.2\r\n'));
  t.after(() => ssh.close());
  await once(ssh.listen(0, '127.0.0.1'), 'listening');
  const address = ssh.address();
  assert.ok(typeof address === 'object' && address !== null);
  await web1.meet({ name: 'web2', port: address.port });
  const other = await web1.line('problem', (line) => line.problem.code !== 'down');
  assert.equal(other.problem.code, 'refused-protocol');
  assert.match(
    other.problem.message,
    /does not speak this version of csyncd's protocol: wrong version number$/,
  );
});

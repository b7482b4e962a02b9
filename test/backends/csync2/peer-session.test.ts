/** Sessions of our own with a real csync2, and with what only looks like one. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { makeIdentity, readIdentity } from '../../../src/backends/csync2/identity.ts';
import { PeerSession, type SessionOptions } from '../../../src/backends/csync2/peer-session.ts';
import { Table } from '../../../src/backends/csync2/table.ts';
import { Csync2Host, PORT } from './hosts.ts';
import { GROUP_KEY } from './mapping-kit.ts';
import { ODD_NAMES } from './recorder.ts';

const never = new AbortController().signal;

describe('a session with a peer', () => {
  let here: Csync2Host;
  let peer: Csync2Host;
  const sessions: PeerSession[] = [];
  beforeEach(() => {
    here = new Csync2Host();
    peer = new Csync2Host();
    for (const host of [here, peer]) host.configure([here, peer]);
  });
  afterEach(async () => {
    await Promise.all(sessions.splice(0).map((session) => session.close()));
    for (const host of [here, peer]) host.close();
  });

  async function open(more: Partial<SessionOptions> = {}): Promise<PeerSession> {
    const session = await PeerSession.open({
      self: here.address,
      peer: peer.address,
      port: PORT,
      configName: null,
      identity: null,
      pinned: null,
      signal: never,
      ...more,
    });
    sessions.push(session);
    return session;
  }
  async function listed(session: PeerSession, name: string | null = null): Promise<string[]> {
    const names: string[] = [];
    await session.list(GROUP_KEY, name, (found) => names.push(found));
    return names.toSorted();
  }
  const owedTo = async (host: Csync2Host): Promise<string[]> => {
    const table = new Table(peer.databaseFile);
    try {
      return (await table.owedNames('%p%', host.address, 1000)).toSorted();
    } finally {
      table.close();
    }
  };

  it('lists all that the peer has recorded, whatever it is called', async () => {
    for (const name of ODD_NAMES) peer.write(name, name);
    await peer.check();
    await peer.listen();
    const session = await open();
    const expected = ['%p%', ...ODD_NAMES.map((name) => `%p%/${name}`)].toSorted();
    assert.deepEqual(await listed(session), expected);
    assert.deepEqual(await listed(session, '%p%/a b'), ['%p%/a b']);
    assert.deepEqual(await listed(session, '%p%/none'), []);
  });

  it('has the peer owe a name, and no more', async () => {
    peer.write('a b', 'x');
    await peer.program().run({ args: ['-cIr'], paths: [peer.root] });
    await peer.listen();
    const session = await open();
    assert.deepEqual(await owedTo(here), []);
    await session.mark(GROUP_KEY, '%p%/a b');
    assert.deepEqual(await owedTo(here), ['%p%/a b']);
    await session.flush(GROUP_KEY, '%p%/a b');
    assert.deepEqual(await owedTo(here), []);
  });

  it('tells whether the peer has deleted what it does not have', async () => {
    peer.write('deleted', 'x');
    await peer.program().run({ args: ['-cIr'], paths: [peer.root] });
    peer.remove('deleted');
    await peer.check();
    await peer.listen();
    const session = await open();
    const text = 'v1:mtime=1:mode=33188:uid=0:gid=0:type=reg:size=1';
    assert.equal(await session.owesDeletion(GROUP_KEY, '%p%/deleted', text), true);
    assert.equal(await session.owesDeletion(GROUP_KEY, '%p%/never there', text), false);
    assert.equal(await session.owesDeletion(GROUP_KEY, '%p%/no/such/directory', text), false);
    assert.deepEqual(await owedTo(here), ['%p%/deleted'], 'it owes it still');
    assert.deepEqual(fs.readdirSync(peer.root), []);
  });

  it('over TLS keeps to the certificate that was pinned', async () => {
    for (const host of [here, peer]) {
      host.configure([here, peer], { tls: true });
      await makeIdentity(host.dir);
    }
    peer.write('f', 'x');
    await peer.check();
    await peer.listen();
    const identity = await readIdentity(here.dir);
    const own = new X509Certificate(fs.readFileSync(join(peer.dir, 'csync2_ssl_cert.pem')));
    assert.deepEqual(await listed(await open({ identity })), ['%p%', '%p%/f']);
    assert.deepEqual(await listed(await open({ identity, pinned: own })), ['%p%', '%p%/f']);
    const other = new X509Certificate(identity.cert);
    await assert.rejects(open({ identity, pinned: other }), {
      code: 'peer-refused',
      message: /another certificate/,
    });
    await assert.rejects(open(), { code: 'peer-refused' }, 'in clear, where the peer wants TLS');
  });

  it('is refused with the peer’s words', async () => {
    await peer.listen();
    const session = await open();
    await assert.rejects(session.mark('x'.repeat(64), '%p%/f'), {
      code: 'peer-refused',
      message: /Permission denied/,
    });
    await assert.rejects(open({ self: 'nobody.invalid' }), { code: 'peer-refused' });
    await assert.rejects(open({ configName: 'other' }), { code: 'peer-refused' });
  });

  it('is not had with a peer that does not listen', async () => {
    await assert.rejects(open(), { code: 'peer-unreachable' });
    await assert.rejects(open({ signal: AbortSignal.abort(new Error('stopped')) }), { message: 'stopped' });
  });

  describe('that is none', () => {
    let server: Server;
    const sockets: Socket[] = [];
    async function answering(answer: (socket: Socket) => void): Promise<void> {
      server = createServer((socket) => {
        sockets.push(socket);
        socket.on('error', () => undefined);
        answer(socket);
      });
      server.listen(PORT, peer.address);
      await once(server, 'listening');
    }
    afterEach(() => {
      for (const socket of sockets.splice(0)) socket.destroy();
      server.close();
    });

    it('but hangs up is no answer', async () => {
      await answering((socket) => socket.end());
      await assert.rejects(open(), { code: 'peer-refused', message: /hung up/ });
    });

    it('but hangs up in the middle of its list has not listed all', async () => {
      await answering((socket) => {
        socket.on('data', (chunk) => {
          if (!chunk.toString().startsWith('LIST')) socket.write('OK (cmd_finished).\n');
          else socket.end('v1\t/a\nv1\t/b');
        });
      });
      await assert.rejects(listed(await open()), { code: 'peer-refused', message: /hung up/ });
    });

    it('but never answers is given up when the caller does', async () => {
      const waits = Promise.withResolvers<void>();
      await answering((socket) => socket.once('data', () => waits.resolve()));
      const stopping = new AbortController();
      const opened = open({ signal: stopping.signal });
      opened.catch(() => undefined);
      await waits.promise;
      stopping.abort(new Error('stopped'));
      await assert.rejects(opened, { code: 'peer-unreachable', message: /stopped/ });
    });

    it('but breaks off the TLS handshake is refused', async () => {
      await makeIdentity(here.dir);
      await answering((socket) => {
        socket.once('data', () => {
          socket.write('OK (activating_ssl).\n');
          socket.once('data', () => socket.destroy());
        });
      });
      await assert.rejects(open({ identity: await readIdentity(here.dir) }), {
        code: 'peer-refused',
        message: /handshake/,
      });
    });
  });
});

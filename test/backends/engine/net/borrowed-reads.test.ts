import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { borrowReads } from '../../../../src/backends/engine/net/borrowed-reads.ts';
import { createTlsServer, dialTls } from '../../../../src/backends/engine/net/tls.ts';
import { identityOf } from './nodes.ts';

test('bytes come in order through one lent buffer, on either side, however often it is paused', async (t) => {
  const server = createTlsServer(await identityOf('web1'), 10_000);
  t.after(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, 'secureConnection');
  const address = { host: '127.0.0.1', port };
  const { socket } = await dialTls(address, await identityOf('web2'), new AbortController().signal);
  const [other] = (await accepted) as [TLSSocket];
  t.after(() => socket.destroy());
  await carries(socket, other);
  await carries(other, socket);
});

async function carries(from: TLSSocket, to: TLSSocket): Promise<void> {
  const sent = randomBytes(4 * 1024 * 1024);
  const received: Buffer[] = [];
  const lent = new Set<ArrayBufferLike>();
  const all = Promise.withResolvers<void>();
  let length = 0;
  const take = (bytes: Buffer): void => {
    received.push(Buffer.from(bytes));
    length += bytes.length;
    if (length === sent.length) all.resolve();
    if (received.length % 10 !== 0) return;
    to.pause();
    setImmediate(() => to.resume());
  };
  to.on('data', take);
  // Some of it the old way, some of it waiting while the change is made.
  from.write(sent.subarray(0, 100_000));
  await once(to, 'data');
  to.pause();
  borrowReads(to, (bytes) => {
    lent.add(bytes.buffer);
    take(bytes);
  });
  from.write(sent.subarray(100_000));
  to.resume();
  await all.promise;
  assert.ok(Buffer.concat(received).equals(sent));
  assert.equal(lent.size, 1);
}

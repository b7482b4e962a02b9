import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { it } from 'node:test';
import fc from 'fast-check';
import { Incoming, sessionsIn } from '../../../src/backends/csync2/incoming.ts';
import { until } from '../../kit/cluster/until.ts';
import { makeTempDir } from '../../kit/temp-dir.ts';

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';

function line(sl: number, local: number, remote: number, state: number): string {
  const hex = (value: number, width: number): string => value.toString(16).toUpperCase().padStart(width, '0');
  const counters =
    '00000000:00000000 00:00000000 00000000     0        0 12345 1 0000000000000000 100 0 0 10 0';
  return `${String(sl).padStart(4)}: 0100007F:${hex(local, 4)} 0200007F:${hex(remote, 4)} ${hex(state, 2)} ${counters}  \n`;
}

const port = fc.constantFrom(1, 80, 30_865, 65_535);

it('counts the open connections to the port, and no others', () => {
  const lines = fc.array(fc.record({ local: port, remote: port, state: fc.integer({ min: 1, max: 12 }) }));
  fc.assert(
    fc.property(lines, port, (all, wanted) => {
      const text = HEAD + all.map(({ local, remote, state }, sl) => line(sl, local, remote, state)).join('');
      const open = all.filter(({ local, state }) => local === wanted && (state === 1 || state === 8));
      assert.equal(sessionsIn(text, wanted), open.length);
    }),
  );
  const v6 =
    '   0: 0000000000000000FFFF00000100007F:7891 0000000000000000FFFF00000200007F:8A4C 01 00000000:00000000\n';
  assert.equal(sessionsIn(HEAD + v6, 30_865), 1);
  assert.equal(sessionsIn('', 30_865), 0);
});

for (const host of ['127.0.0.1', '::1']) {
  it(`sees a connection come and go: ${host}`, async () => {
    const accepted: Socket[] = [];
    const server = createServer((socket) => accepted.push(socket)).listen(0, host);
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const incoming = new Incoming(address.port);
    const { signal } = new AbortController();
    assert.ok(await incoming.quiet(0, signal), 'a listener is no session');
    const client = connect(address.port, host);
    await until('it is accepted', () => accepted.length > 0);
    assert.ok(await incoming.isOpen());
    assert.equal(await incoming.quiet(60, signal), false);
    await assert.rejects(incoming.quiet(60_000, AbortSignal.abort(new Error('enough'))), /enough/);
    const quiet = incoming.quiet(60_000, signal);
    client.destroy();
    for (const socket of accepted) socket.destroy();
    assert.ok(await quiet);
    server.close();
  });
}

it('where the kernel does not tell, none is open', async () => {
  const file = join(makeTempDir(), 'tcp');
  assert.equal(await new Incoming(1, [file]).isOpen(), false);
  fs.writeFileSync(file, HEAD + line(0, 1, 2, 1));
  assert.equal(await new Incoming(1, [file]).isOpen(), true);
});

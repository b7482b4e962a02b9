import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import { boundSilence } from '../../src/sys/silence.ts';

/** Says its port and the number of its socket, and takes what comes. */
const SERVER = `const server = require('node:net').createServer(() => {});
server.listen(0, '127.0.0.1', () => console.log(server.address().port, server._handle.fd));`;
/** In /proc/net/tcp: a probe is due when nothing is heard. */
const KEEPALIVE = '02';

test('connections that another process takes are probed from then on', async (t) => {
  const server = spawn(process.execPath, ['-e', SERVER], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => server.kill());
  const [said] = (await once(server.stdout, 'data')) as [Buffer];
  const [port = 0, fd = 0] = String(said).trim().split(' ').map(Number);
  const timers = (): (string | undefined)[] =>
    readFileSync('/proc/net/tcp', 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => state === '01' && Number(`0x${local?.split(':')[1]}`) === port)
      .map((fields) => fields[5]?.split(':')[0]);
  const call = async (): Promise<void> => {
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    await once(socket, 'connect');
  };
  await call();
  assert.notEqual(timers()[0], KEEPALIVE);
  boundSilence(server.pid ?? 0, fd, 60);
  await call();
  assert.ok(timers().includes(KEEPALIVE));
});

test('what cannot be reached is said', () => {
  assert.throws(() => boundSilence(process.pid, 99_999, 60), { code: 'EBADF' });
  assert.throws(() => boundSilence(process.pid, 0, 60, { ok: false, reason: 'none' }), { code: 'ENOSYS' });
});

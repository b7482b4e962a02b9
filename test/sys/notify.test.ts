import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { loadLibc } from '../../src/sys/libc.ts';
import { sdNotify, watchdogMs } from '../../src/sys/notify.ts';

/** Node has no unix datagram sockets: one that is bound to a name, and what it gets. */
function received(name: string, send: () => void): string {
  const loaded = loadLibc();
  assert.ok(loaded.ok);
  const { libc } = loaded;
  const socket =
    libc.func<(domain: number, type: number, protocol: number) => number>('int socket(int, int, int)');
  const bind = libc.func<(fd: number, address: Buffer, size: number) => number>(
    'int bind(int, const void *, int)',
  );
  type Recv = (fd: number, buffer: Buffer, size: number, flags: number) => number;
  const recv = libc.func<Recv>('long recv(int, _Out_ void *, size_t, int)');
  const fd = socket(1, 2, 0);
  const address = Buffer.from(`\x01\x00${name.replace(/^@/, '\0')}`, 'latin1');
  assert.equal(bind(fd, address, address.length), 0);
  send();
  const buffer = Buffer.alloc(1000);
  const length = recv(fd, buffer, buffer.length, 0x40);
  fs.closeSync(fd);
  return buffer.toString('utf8', 0, length);
}

describe('sd_notify', () => {
  test('sends to the socket that systemd names', () => {
    const folder = fs.mkdtempSync(join(tmpdir(), 'csyncd-notify-'));
    for (const socket of [join(folder, 'notify'), `@csyncd-test-${process.pid}`]) {
      const state = 'READY=1\nSTATUS=alle Verzeichnisse überwacht';
      const send = (): void => assert.equal(sdNotify(state, { NOTIFY_SOCKET: socket }).kind, 'sent');
      assert.equal(received(socket, send), state);
    }
    fs.rmSync(folder, { recursive: true });
  });

  test('is off without systemd, and never throws', () => {
    assert.equal(sdNotify('READY=1', {}).kind, 'off');
    const failures = [
      ['/nonexistent/socket', 'ENOENT'],
      ['vsock:2:1', 'EAFNOSUPPORT'],
      [`/${'x'.repeat(200)}`, 'EAFNOSUPPORT'],
    ] as const;
    for (const [socket, code] of failures) {
      const result = sdNotify('READY=1', { NOTIFY_SOCKET: socket });
      assert.equal(result.kind === 'failed' && result.error.code, code);
    }
  });

  test('fails where the C library cannot be called', () => {
    const result = sdNotify('READY=1', { NOTIFY_SOCKET: '@x' }, { ok: false, reason: 'none here' });
    assert.equal(result.kind === 'failed' && result.error.code, 'ENOSYS');
  });

  test('the watchdog’s interval is for the process that systemd means', () => {
    assert.equal(watchdogMs({}), null);
    assert.equal(watchdogMs({ WATCHDOG_USEC: '30000000' }), 30_000);
    assert.equal(watchdogMs({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: String(process.pid) }), 30_000);
    assert.equal(watchdogMs({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '1' }), null);
    assert.equal(watchdogMs({ WATCHDOG_USEC: 'x' }), null);
  });
});

import assert from 'node:assert/strict';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { ControlClient } from '../../src/control/client.ts';
import type { Operations } from '../../src/control/operations.ts';
import { openControl, type Door } from '../../src/control/server.ts';
import { CsyncdError } from '../../src/util/errors.ts';
import { silentLogger } from '../../src/util/log.ts';
import { canned, eventAt, fakeOperations } from '../kit/operations.ts';
import { makeTempDir } from '../kit/temp-dir.ts';

const doors: Door[] = [];

afterEach(async () => {
  for (const door of doors.splice(0)) await door.close();
});

async function open(operations: Operations, socket: string = join(makeTempDir(), 'run', 'control.sock')) {
  const door = await openControl({ socket, operations, log: silentLogger() });
  doors.push(door);
  return { socket, door, client: new ControlClient(socket) };
}

describe('the control socket', () => {
  it('is for its owner, and for the group csyncd where there is one', async () => {
    const { socket } = await open(fakeOperations());
    const mode = statSync(socket).mode & 0o777;
    assert.ok(mode === 0o600 || mode === 0o660, mode.toString(8));
  });

  it('is taken over from a daemon that was killed', async () => {
    const socket = join(makeTempDir(), 'control.sock');
    const killed = createServer().listen(socket);
    await new Promise((resolve) => void killed.on('listening', resolve));
    // A name without a listener, as kill -9 leaves it: closing would remove the name, so the name is kept by a link.
    const { linkSync, renameSync } = await import('node:fs');
    linkSync(socket, `${socket}.kept`);
    await new Promise((resolve) => void killed.close(resolve));
    renameSync(`${socket}.kept`, socket);
    const { client } = await open(fakeOperations(), socket);
    assert.equal((await client.call('status', {})).node, 'web1');
  });

  it('is refused to a second daemon', async () => {
    const { socket, client } = await open(fakeOperations());
    await assert.rejects(open(fakeOperations(), socket), { code: 'already-running' });
    assert.equal((await client.call('status', {})).node, 'web1');
  });

  it('takes the place of no other file', async () => {
    const socket = join(makeTempDir(), 'control.sock');
    writeFileSync(socket, 'precious');
    await assert.rejects(open(fakeOperations(), socket), { code: 'control-socket' });
  });

  it('is gone when the daemon has stopped', async () => {
    const { socket, door } = await open(fakeOperations());
    await door.close();
    doors.length = 0;
    assert.equal(existsSync(socket), false);
  });
});

describe('a command over the control socket', () => {
  it('is answered', async () => {
    const { client } = await open(fakeOperations());
    assert.deepEqual(await client.call('status', {}), canned);
  });

  it('carries a path byte for byte', async () => {
    const asked: string[] = [];
    const resolve = (path: string): Promise<void> => {
      asked.push(path);
      return Promise.resolve();
    };
    const { client } = await open(fakeOperations({ mappings: { resolve } }));
    await client.call('resolve', { path: 'shared:ä', keep: 'newest' });
    const path_base64 = Buffer.from('shared:\xff', 'latin1').toString('base64');
    await client.call('resolve', { path: 'shared:\\xff', path_base64, keep: 'newest' });
    assert.deepEqual(asked, ['shared:\xc3\xa4', 'shared:\xff']);
  });

  it("fails with the daemon's own error", async () => {
    const error = new CsyncdError('ambiguous-mapping', 'more than one', {
      hint: 'say which',
      data: { a: 1 },
    });
    const { client } = await open(fakeOperations({ mappings: { conflicts: () => Promise.reject(error) } }));
    await assert.rejects(client.call('conflicts', {}), {
      code: 'ambiguous-mapping',
      message: 'more than one',
      hint: 'say which',
      data: { a: 1 },
    });
  });

  it('that meets a defect tells no more than that', async () => {
    const { client } = await open(
      fakeOperations({ mappings: { conflicts: () => Promise.reject(new TypeError('x is undefined')) } }),
    );
    await assert.rejects(client.call('conflicts', {}), { code: 'internal', message: 'x is undefined' });
  });

  it('must be well formed', async () => {
    const { client } = await open(fakeOperations());
    const malformed = { path: 5 } as unknown as { path: string };
    await assert.rejects(client.call('explain', malformed), { code: 'bad-request' });
    await assert.rejects(client.call('frob' as 'status', {}), { code: 'no-such-command' });
  });

  it('waits no longer than its time-out', async () => {
    const sync: Operations['mappings']['sync'] = (_paths, _wait, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () =>
          resolve({ complete: false, changed: 0, failed: [], waiting: [] }),
        );
      });
    const { client } = await open(fakeOperations({ mappings: { sync } }));
    const answer = await client.call('sync', { paths: [], wait: true, timeout_ms: 1 });
    assert.equal(answer.complete, false);
  });

  it('is given up when whoever asked has gone', async () => {
    const given = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const verify: Operations['mappings']['verify'] = (_names, _deep, signal) =>
      new Promise((_, reject) => {
        asked.resolve();
        signal.addEventListener('abort', () => {
          given.resolve();
          reject(new Error('gone'));
        });
      });
    const { client } = await open(fakeOperations({ mappings: { verify } }));
    const giveUp = new AbortController();
    const call = client.call('verify', { mappings: [], deep: false }, giveUp.signal);
    await asked.promise;
    giveUp.abort();
    await assert.rejects(call);
    await given.promise;
  });

  it('without a daemon fails with what to do', async () => {
    const client = new ControlClient(join(makeTempDir(), 'none.sock'));
    await assert.rejects(client.call('status', {}), { code: 'no-daemon', hint: 'systemctl status csyncd' });
  });
});

describe('events over the control socket', () => {
  it('are those kept, oldest first, as JSON of the contract', async () => {
    const operations = fakeOperations();
    operations.trail.past.push(eventAt(1_000, 'a'), eventAt(2_000, 'b\xff'));
    const { client } = await open(operations);
    const lines = await Array.fromAsync(client.stream('events', { since: null, follow: false }));
    assert.deepEqual(lines, [
      {
        time: '1970-01-01T00:00:01.000Z',
        group: 'web',
        mapping: 'shared',
        path: 'a',
        what: 'changed',
        node: 'web2',
        result: 'applied',
      },
      {
        time: '1970-01-01T00:00:02.000Z',
        group: 'web',
        mapping: 'shared',
        path: 'b\\xff',
        path_base64: 'Yv8=',
        what: 'changed',
        node: 'web2',
        result: 'applied',
      },
    ]);
    const later = await Array.fromAsync(client.stream('events', { since: 1_500, follow: false }));
    assert.equal(later.length, 1);
  });

  it('go on with those that come, and end with the reader', async () => {
    const operations = fakeOperations();
    operations.trail.past.push(eventAt(1_000, 'old'));
    const { client } = await open(operations);
    const enough = new AbortController();
    const seen: string[] = [];
    for await (const { path } of client.stream('events', { since: null, follow: true }, enough.signal)) {
      seen.push(path);
      if (seen.length === 1) operations.trail.happens(eventAt(2_000, 'new'));
      else enough.abort();
    }
    assert.deepEqual(seen, ['old', 'new']);
  });

  it('end when the daemon stops, and nobody is left listening', async () => {
    const operations = fakeOperations();
    operations.trail.past.push(eventAt(1_000, 'old'));
    const { client, door } = await open(operations);
    for await (const _ of client.stream('events', { since: null, follow: true })) {
      assert.equal(operations.trail.followers, 1);
      await door.close();
      doors.length = 0;
    }
    assert.equal(operations.trail.followers, 0);
  });
});

describe('the status, watched', () => {
  it('comes at once and whenever it differs', async () => {
    let node = 'web1';
    const { client } = await open(fakeOperations({ mappings: { status: () => ({ ...canned, node }) } }));
    const enough = new AbortController();
    const seen: string[] = [];
    for await (const report of client.stream('watch', { interval_ms: 100 }, enough.signal)) {
      seen.push(report.node);
      node = 'web9';
      if (seen.length === 2) enough.abort();
    }
    assert.deepEqual(seen, ['web1', 'web9']);
  });
});

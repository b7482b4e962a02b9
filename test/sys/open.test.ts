import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { loadLibc } from '../../src/sys/libc.ts';
import { openAccounts, openSys } from '../../src/sys/open.ts';

const WITHOUT = { ok: false, reason: 'none here' } as const;

describe('openSys', () => {
  test('is native where the C library can be called', () => {
    const sys = openSys();
    assert.deepEqual([sys.kind, sys.reason], ['native', null]);
  });

  test('falls back, and says why, where it cannot', () => {
    const sys = openSys(WITHOUT);
    assert.deepEqual([sys.kind, sys.reason], ['fallback', 'none here']);
    const root = sys.openRoot('/');
    assert.equal(sys.fstat(root).kind, 'dir');
    sys.close(root);
  });

  test('falls back when the kernel refuses what it needs', () => {
    const loaded = loadLibc();
    assert.ok(loaded.ok);
    const { libc } = loaded;
    // A sandbox that forbids openat2.
    const func = <F>(prototype: string): F =>
      prototype.includes(' syscall(') ? ((() => -1) as F) : libc.func<F>(prototype);
    const sys = openSys({ ok: true, libc: { ...libc, func, errno: () => 1 } });
    assert.equal(sys.kind, 'fallback');
    assert.match(sys.reason ?? '', /EPERM/);
  });

  test('works in several threads at once', async () => {
    const open = new URL('../../src/sys/open.ts', import.meta.url).href;
    const code = `
      const { parentPort } = require('node:worker_threads');
      import(${JSON.stringify(open)}).then(({ openSys }) => {
        const sys = openSys();
        const root = sys.openRoot('/usr');
        let names = [];
        for (let i = 0; i < 2000; i++) names = sys.listStat(root).map((entry) => entry.name);
        parentPort.postMessage([sys.kind, names.join()]);
      });`;
    const answers = await Promise.all(
      [1, 2, 3].map(
        () =>
          new Promise<unknown>((resolve, reject) => {
            new Worker(code, { eval: true }).once('message', resolve).once('error', reject);
          }),
      ),
    );
    assert.deepEqual(answers[1], answers[0]);
    assert.deepEqual(answers[2], answers[0]);
  });
});

test('accounts without the C library are those of the files', () => {
  assert.equal(openAccounts(() => 0, WITHOUT).userName(0), 'root');
});

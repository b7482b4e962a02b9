import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { after, describe, test } from 'node:test';
import { loadLibc } from '../../src/sys/libc.ts';
import { lockFile } from '../../src/sys/lock.ts';
import { CsyncdError } from '../../src/util/errors.ts';

const folder = fs.mkdtempSync(join(tmpdir(), 'csyncd-lock-'));
const children: ChildProcessByStdio<null, Readable, null>[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  fs.rmSync(folder, { recursive: true });
});

/** Another process that holds the lock until it is killed. */
async function holder(path: string): Promise<ChildProcessByStdio<null, Readable, null>> {
  const lock = new URL('../../src/sys/lock.ts', import.meta.url).href;
  const code = `import { lockFile } from ${JSON.stringify(lock)}; lockFile(${JSON.stringify(path)}); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout, 'data');
  return child;
}

const isLockedBy = (pid: number | undefined) => (error: unknown) =>
  error instanceof CsyncdError &&
  error.code === 'locked' &&
  error.data['pid'] === pid &&
  error.message.includes(`${pid}`);

describe('lockFile', () => {
  test('is held by one at a time, and the other is told by whom', () => {
    const path = join(folder, 'own');
    const lock = lockFile(path);
    assert.throws(() => lockFile(path), isLockedBy(process.pid));
    lock.release();
    lock.release();
    lockFile(path).release();
    assert.equal(fs.statSync(path).mode & 0o777, 0o600);
  });

  test('dies with its holder, even when that is killed', async () => {
    const path = join(folder, 'killed');
    const child = await holder(path);
    assert.throws(() => lockFile(path), isLockedBy(child.pid));
    child.kill('SIGKILL');
    await once(child, 'exit');
    lockFile(path).release();
  });

  test('is not kept by children of the holder', async () => {
    const path = join(folder, 'child');
    const lock = lockFile(path);
    const child = spawn('sleep', ['60']);
    await once(child, 'spawn');
    lock.release();
    lockFile(path).release();
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  test('a lock on a file that was removed hinders nobody', () => {
    const path = join(folder, 'removed');
    const lost = lockFile(path);
    fs.unlinkSync(path);
    const lock = lockFile(path);
    assert.throws(() => lockFile(path), CsyncdError);
    lost.release();
    lock.release();
  });

  test('is the same lock where the C library cannot be called', () => {
    const path = join(folder, 'program');
    const without = { ok: false, reason: 'none here' } as const;
    for (const [first, second] of [
      [loadLibc(), without],
      [without, loadLibc()],
      [without, without],
    ] as const) {
      const lock = lockFile(path, first);
      assert.throws(() => lockFile(path, second), isLockedBy(process.pid));
      lock.release();
      lockFile(path, second).release();
    }
  });

  test('is not taken through a symlink', () => {
    fs.symlinkSync(join(folder, 'elsewhere'), join(folder, 'link'));
    assert.throws(() => lockFile(join(folder, 'link')), { code: 'ELOOP' });
  });
});

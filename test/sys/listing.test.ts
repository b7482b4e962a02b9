import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { SysError } from '../../src/sys/sys.ts';
import { adapters } from './adapters.ts';

const BOUND_MS = 60_000;
const folder = fs.mkdtempSync(join(tmpdir(), 'csyncd-list-'));
after(() => fs.rmSync(folder, { recursive: true }));

for (const { name, sys } of adapters()) {
  test(`${name}: entries that come and go while a directory is listed are there or not, never an error`, async () => {
    const dir = join(folder, name);
    fs.mkdirSync(dir);
    for (let i = 0; i < 300; i++) fs.writeFileSync(join(dir, `keep${i}`), '');
    const churn = `const fs = require('fs'); process.stdout.write('x');
      for (;;) { for (let i = 0; i < 200; i++) fs.writeFileSync('go' + i, ''); for (let i = 0; i < 200; i++) fs.unlinkSync('go' + i); }`;
    const child = spawn(process.execPath, ['-e', churn], { cwd: dir, stdio: ['ignore', 'pipe', 'inherit'] });
    after(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    const fd = sys.openRoot(dir);
    const until = performance.now() + BOUND_MS;
    const counts = new Set<number>();
    for (let round = 0; round < 300 || counts.size < 3; round++) {
      assert.ok(performance.now() < until, 'the directory did not change while it was listed');
      const names = sys.listStat(fd).map((entry) => entry.name);
      assert.equal(names.filter((entry) => entry.startsWith('keep')).length, 300);
      counts.add(names.length);
    }
    sys.close(fd);
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  test(`${name}: a removed directory is an error, not empty`, () => {
    const dir = fs.mkdtempSync(join(folder, 'gone-'));
    const fd = sys.openRoot(dir);
    fs.rmdirSync(dir);
    for (const call of [() => sys.list(fd), () => sys.listStat(fd)]) {
      assert.throws(call, (error: unknown) => error instanceof SysError && error.code === 'ENOENT');
    }
    sys.close(fd);
  });

  test(`${name}: no call keeps a descriptor`, () => {
    const fd = sys.openRoot(folder);
    const path = Array.from({ length: 30 }, (_, i) => `${i}`.padEnd(200, 'd'));
    let at = sys.openDir(fd, '');
    for (const step of path) {
      sys.mkdir(at, step, 0o700);
      const next = sys.openDir(at, step);
      sys.close(at);
      at = next;
    }
    sys.close(at);
    const count = (): number => fs.readdirSync('/proc/self/fd').length;
    const before = count();
    const deep = path.join('/');
    for (let i = 0; i < 20; i++) {
      sys.close(sys.openDir(fd, deep));
      for (const bad of [`${deep}/missing`, 'missing/x', '..']) {
        assert.throws(() => sys.openDir(fd, bad));
        assert.throws(() => sys.openFile(fd, bad));
      }
      sys.chmodAt(fd, path[0] ?? '', 0o700);
      assert.throws(() => sys.chmodAt(fd, 'missing', 0o700));
    }
    assert.equal(count(), before);
    for (let depth = path.length; depth > 0; depth--) {
      const parent = sys.openDir(fd, path.slice(0, depth - 1).join('/'));
      sys.rmdir(parent, path[depth - 1] ?? '');
      sys.close(parent);
    }
    sys.close(fd);
  });
}

test('both adapters see the same', () => {
  const dir = fs.mkdtempSync(join(folder, 'same-'));
  fs.writeFileSync(join(dir, 'file'), 'x');
  fs.symlinkSync('target', join(dir, 'link'));
  const [native, fallback] = adapters().map(({ sys }) => {
    const fd = sys.openRoot(dir);
    const seen = [sys.fstat(fd), ...sys.listStat(fd).sort((a, b) => (a.name < b.name ? -1 : 1))];
    const info = sys.statfs(fd);
    sys.close(fd);
    return { seen, info: { type: info.type, total: info.bytesTotal, inodes: info.inodesTotal } };
  });
  assert.deepEqual(native, fallback);
  const dev = fs.openSync('/dev/null', 'r');
  const [a, b] = adapters().map(({ sys }) => sys.fstat(dev));
  assert.deepEqual(a, b);
  assert.equal(a?.kind, 'other');
  fs.closeSync(dev);
});

import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { adapters } from './adapters.ts';

const BOUND_MS = 60_000;
const folder = fs.mkdtempSync(join(tmpdir(), 'csyncd-times-'));
after(() => fs.rmSync(folder, { recursive: true }));

for (const { name, sys } of adapters()) {
  test(`${name}: ctime tells what a restored mtime hides`, () => {
    const dir = sys.openRoot(folder);
    const fd = sys.createFile(dir, `ctime-${name}`);
    sys.futimes(fd, 5n);
    const before = sys.fstat(fd);
    const until = performance.now() + BOUND_MS;
    while (sys.fstat(fd).ctimeNs === before.ctimeNs) {
      assert.ok(performance.now() < until, 'the clock of the file system stands still');
      sys.write(fd, Buffer.from('x'), 0);
      sys.futimes(fd, 5n);
    }
    assert.equal(sys.fstat(fd).mtimeNs, 5n);
    sys.close(fd);
    sys.close(dir);
  });

  test(`${name}: setting the mtime leaves the access time alone`, () => {
    const dir = sys.openRoot(folder);
    const file = `atime-${name}`;
    const link = `atime-link-${name}`;
    const fd = sys.createFile(dir, file);
    sys.symlink('nowhere', dir, link);
    fs.utimesSync(join(folder, file), 1000, 1000);
    fs.lutimesSync(join(folder, link), 1000, 1000);
    sys.futimes(fd, 5n);
    sys.lutimes(dir, link, 5n);
    for (const entry of [file, link]) {
      const stat = fs.lstatSync(join(folder, entry), { bigint: true });
      assert.deepEqual([stat.atimeNs, stat.mtimeNs], [1_000_000_000_000n, 5n]);
    }
    sys.close(fd);
    sys.close(dir);
  });
}

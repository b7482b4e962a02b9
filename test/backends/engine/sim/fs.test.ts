/** The simulated disk does to a process what a real one does, and to its content what a power cut does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SysError } from '../../../../src/sys/sys.ts';
import { sysConformance } from '../../../kit/sys-conformance.ts';
import { Disk } from '../../../kit/sim/disk.ts';
import { SimFs } from '../../../kit/sim/fs.ts';
import { Random } from '../../../kit/sim/random.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function fresh(tickNs = 0n): { disk: Disk; fs: SimFs; root: number; clock: { ms: number } } {
  const clock = { ms: 1_000_000 };
  const disk = new Disk({ now: () => clock.ms, tickNs });
  const fs = new SimFs(disk);
  return { disk, fs, root: fs.openRoot('/'), clock };
}

function put(fs: SimFs, dir: number, name: string, content: string): number {
  const fd = fs.createFile(dir, name);
  fs.write(fd, bytes(content), 0);
  return fd;
}

function text(fs: SimFs, dir: number, name: string): string | null {
  if (fs.lstat(dir, name) === null) return null;
  const fd = fs.openFile(dir, name);
  const buffer = new Uint8Array(100);
  const count = fs.read(fd, buffer, 0);
  fs.close(fd);
  return new TextDecoder().decode(buffer.subarray(0, count));
}

function textAfter(disk: Disk, name: string): string | null {
  const fs = new SimFs(disk);
  return text(fs, fs.openRoot('/'), name);
}

const fails = (code: string, body: () => unknown): void => {
  assert.throws(body, (error) => error instanceof SysError && error.code === code);
};

test('a time stamp has the granularity of the disk', () => {
  const { fs, root, clock } = fresh(4_000_000n);
  const fd = put(fs, root, 'a', 'one');
  clock.ms += 3;
  fs.write(fd, bytes('two'), 0);
  assert.equal(fs.fstat(fd).mtimeNs, 1_000_000_000_000n);
  clock.ms += 1;
  fs.write(fd, bytes('two'), 0);
  assert.equal(fs.fstat(fd).mtimeNs, 1_000_004_000_000n);
});

test('without a granularity every change has its own time stamp', () => {
  const { fs, root } = fresh();
  const fd = put(fs, root, 'a', 'one');
  const before = fs.fstat(fd);
  fs.write(fd, bytes('two'), 0);
  assert.notEqual(fs.fstat(fd).mtimeNs, before.mtimeNs);
});

test('a write after the clock was set back to the very tick of the last one leaves another time stamp', () => {
  const { disk, fs, root, clock } = fresh(1_000_000_000n);
  const fd = put(fs, root, 'a', 'one');
  clock.ms += 5000;
  fs.write(fd, bytes('two'), 0);
  const before = fs.fstat(fd);
  clock.ms += 5000;
  assert.ok(disk.stamps.next() > before.mtimeNs);
  clock.ms -= 5000;
  fs.write(fd, bytes('six'), 0);
  assert.equal(fs.fstat(fd).mtimeNs, before.mtimeNs + 1_000_000_000n);
  fs.write(fd, bytes('ten'), 0);
  assert.equal(fs.fstat(fd).ctimeNs, before.ctimeNs + 1_000_000_000n);
});

test('an open file outlives its name, and its space is given back at the end', () => {
  const { disk, fs, root } = fresh();
  const fd = put(fs, root, 'a', 'content');
  fs.unlink(root, 'a');
  assert.equal(fs.fstat(fd).nlink, 0);
  assert.equal(disk.used, 7);
  fs.close(fd);
  assert.equal(disk.used, 0);
});

test('rename of one hard link over another of the same file does nothing', () => {
  const { fs, root } = fresh();
  fs.close(put(fs, root, 'a', 'x'));
  fs.link(root, 'a', root, 'b');
  fs.rename(root, 'a', root, 'b', 'replace');
  assert.deepEqual(
    fs
      .list(root)
      .map((entry) => entry.name)
      .sort(),
    ['a', 'b'],
  );
});

test('exchange swaps a file and a directory with what is in it', () => {
  const { fs, root } = fresh();
  fs.close(put(fs, root, 'f', 'file'));
  fs.mkdir(root, 'd', 0o755);
  const d = fs.openDir(root, 'd');
  fs.close(put(fs, d, 'inner', 'deep'));
  fs.rename(root, 'f', root, 'd', 'exchange');
  assert.equal(text(fs, root, 'd'), 'file');
  assert.equal(text(fs, fs.openDir(root, 'f'), 'inner'), 'deep');
});

test('a directory does not move below itself, and a removed one takes no names', () => {
  const { fs, root } = fresh();
  fs.mkdir(root, 'd', 0o755);
  const d = fs.openDir(root, 'd');
  fails('EINVAL', () => fs.rename(root, 'd', d, 'e', 'replace'));
  fs.rmdir(root, 'd');
  fails('ENOENT', () => fs.createFile(d, 'x'));
});

test('a full disk refuses growth and new names, and takes them again when there is room', () => {
  const { disk, fs, root } = fresh();
  const fd = put(fs, root, 'a', 'four');
  disk.quota = 4;
  fails('ENOSPC', () => fs.write(fd, bytes('fives'), 0));
  fails('ENOSPC', () => fs.createFile(root, 'b'));
  fs.truncate(fd, 0);
  fs.close(fs.createFile(root, 'b'));
});

test('a hook sees every call first and can fail it', () => {
  const { disk, root, fs } = fresh();
  fs.close(put(fs, root, 'a', 'x'));
  const seen: string[] = [];
  const hooked = new SimFs(disk, (call, _inode, name) => {
    seen.push(call);
    if (name === 'a') throw new SysError('EIO', call, name);
  });
  const at = hooked.openRoot('/');
  fails('EIO', () => hooked.lstat(at, 'a'));
  assert.deepEqual(seen, ['openRoot', 'lstat']);
});

test('a power cut keeps what was flushed, whatever else it takes', () => {
  for (let seed = 0; seed < 50; seed++) {
    const { disk, fs, root } = fresh();
    const fd = put(fs, root, 'temp', 'new');
    fs.fsync(fd);
    fs.rename(root, 'temp', root, 'a', 'replace');
    fs.fsync(root);
    fs.end();
    disk.powerCut(new Random(seed));
    assert.equal(textAfter(disk, 'a'), 'new');
  }
});

test('a power cut may take back a rename that was not flushed, and leaves the old or the new, never none', () => {
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 100; seed++) {
    const { disk, fs, root } = fresh();
    fs.fsync(put(fs, root, 'a', 'old'));
    fs.fsync(root);
    fs.fsync(put(fs, root, 'temp', 'new'));
    fs.rename(root, 'temp', root, 'a', 'replace');
    fs.end();
    disk.powerCut(new Random(seed));
    outcomes.add(textAfter(disk, 'a') ?? 'none');
  }
  assert.deepEqual([...outcomes].sort(), ['new', 'old']);
});

test('a power cut may leave a file that was renamed but not flushed empty', () => {
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 100; seed++) {
    const { disk, fs, root } = fresh();
    put(fs, root, 'temp', 'new');
    fs.rename(root, 'temp', root, 'a', 'replace');
    fs.fsync(root);
    fs.end();
    disk.powerCut(new Random(seed));
    outcomes.add(textAfter(disk, 'a') ?? 'none');
  }
  assert.deepEqual([...outcomes].sort(), ['', 'new']);
});

test('what was written long ago is on the disk by itself', () => {
  for (let seed = 0; seed < 50; seed++) {
    const { disk, fs, root, clock } = fresh();
    put(fs, root, 'a', 'old');
    clock.ms += 60_000;
    fs.end();
    disk.powerCut(new Random(seed));
    assert.equal(textAfter(disk, 'a'), 'old');
  }
});

sysConformance(
  'simulated',
  () => {
    const { fs } = fresh();
    return { sys: fs, root: '/', dispose: () => undefined };
  },
  { exchange: true },
);

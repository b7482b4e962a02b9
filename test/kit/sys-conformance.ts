/**
 * What every implementation of `Sys` must do alike: the real ones over real file systems, and the simulator's. Uses
 * nothing but `Sys` itself, in an empty directory, and needs root.
 */
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, test } from 'node:test';
import { SysError } from '../../src/sys/sys.ts';
import type { Fd, FileKind, Sys } from '../../src/sys/sys.ts';

export interface SysUnderTest {
  readonly sys: Sys;
  /** an empty directory, absolute */
  readonly root: string;
  dispose(): void;
}

export interface SysTraits {
  /** RENAME_EXCHANGE works; else it must throw ENOSYS */
  readonly exchange: boolean;
}

interface Context {
  readonly sys: Sys;
  readonly path: string;
  /** the empty directory, open */
  readonly root: Fd;
  readonly traits: SysTraits;
}

type Case = readonly [title: string, run: (context: Context) => void];

const SECOND = 1_000_000_000n;
const ODD_NAMES = [
  'plain',
  '\xff\xfe',
  'b\xe9ton',
  'two\nlines',
  'x'.repeat(255),
  Buffer.from('😀 naïve').toString('latin1'),
  '-rf',
  '%s%n',
  'blank ',
  ' ',
  '\\',
  '*',
  'quote\'"',
  '\x01\x7f',
  '...',
  '.hidden',
];

export function sysConformance(name: string, make: () => SysUnderTest, traits: SysTraits): void {
  describe(`Sys: ${name}`, () => {
    for (const [title, run] of [...OPENING, ...NAMES, ...CONTENT, ...CHANGES, ...METADATA]) {
      test(title, () => {
        const made = make();
        try {
          const root = made.sys.openRoot(made.root);
          try {
            run({ sys: made.sys, path: made.root, root, traits });
          } finally {
            made.sys.close(root);
          }
        } finally {
          made.dispose();
        }
      });
    }
  });
}

/** The code that the call fails with; it must be a SysError. */
function fails(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof SysError, `SysError expected, got ${String(error)}`);
    return error.code;
  }
  return 'no error';
}

function assertFails(code: string, call: () => unknown): void {
  assert.equal(fails(call), code);
}

function put(sys: Sys, dir: Fd, name: string, content = ''): void {
  const fd = sys.createFile(dir, name);
  sys.write(fd, Buffer.from(content), 0);
  sys.close(fd);
}

function contentOf(sys: Sys, dir: Fd, path: string): string {
  const fd = sys.openFile(dir, path);
  const buffer = Buffer.alloc(1 << 16);
  const length = sys.read(fd, buffer, 0);
  sys.close(fd);
  return buffer.toString('utf8', 0, length);
}

function withDir<T>(sys: Sys, at: Fd, path: string, use: (dir: Fd) => T): T {
  const dir = sys.openDir(at, path);
  try {
    return use(dir);
  } finally {
    sys.close(dir);
  }
}

function namesIn(sys: Sys, dir: Fd): string[] {
  return sys
    .list(dir)
    .map((entry) => entry.name)
    .sort();
}

/** A chain of directories with names of 250 bytes; its path from the top. */
function makeDeep(sys: Sys, root: Fd, depth: number): string[] {
  const names: string[] = [];
  let dir = sys.openDir(root, '');
  for (let level = 0; level < depth; level++) {
    const name = `${level}-`.padEnd(250, 'x');
    sys.mkdir(dir, name, 0o700);
    const next = sys.openDir(dir, name);
    sys.close(dir);
    dir = next;
    names.push(name);
  }
  put(sys, dir, 'bottom', 'deep');
  sys.symlink('.', dir, 'loop');
  sys.close(dir);
  return names;
}

const OPENING: readonly Case[] = [
  [
    'openRoot takes a directory only',
    ({ sys, root, path }) => {
      put(sys, root, 'file');
      sys.mkdir(root, 'dir', 0o700);
      sys.symlink('dir', root, 'link');
      assertFails('ENOENT', () => sys.openRoot(`${path}/missing`));
      assertFails('ENOTDIR', () => sys.openRoot(`${path}/file`));
      assertFails('ELOOP', () => sys.openRoot(`${path}/link`));
      assertFails('ELOOP', () => sys.openRoot(`${path}/link/`));
      sys.close(sys.openRoot(`${path}/dir/`));
    },
  ],
  [
    'openDir opens itself and what is below',
    ({ sys, root }) => {
      sys.mkdir(root, 'a', 0o700);
      withDir(sys, root, 'a', (a) => sys.mkdir(a, 'b', 0o700));
      withDir(sys, root, '', (same) => assert.equal(sys.fstat(same).ino, sys.fstat(root).ino));
      withDir(sys, root, 'a/b', (b) => {
        const found = withDir(sys, root, 'a', (a) => sys.lstat(a, 'b'));
        assert.equal(sys.fstat(b).ino, found?.ino);
      });
    },
  ],
  [
    'openDir and openFile follow no symlink, at the end or on the way',
    ({ sys, root }) => {
      sys.mkdir(root, 'real', 0o700);
      withDir(sys, root, 'real', (real) => {
        put(sys, real, 'file');
        sys.mkdir(real, 'sub', 0o700);
      });
      for (const target of ['real', '/etc', '..', '.', 'missing']) {
        sys.symlink(target, root, 'link');
        assertFails('ELOOP', () => sys.openDir(root, 'link'));
        assertFails('ELOOP', () => sys.openDir(root, 'link/sub'));
        assertFails('ELOOP', () => sys.openFile(root, 'link'));
        assertFails('ELOOP', () => sys.openFile(root, 'link/file'));
        assertFails('ELOOP', () => sys.openFileRw(root, 'link'));
        sys.unlink(root, 'link');
      }
    },
  ],
  [
    'a path with anything but names in it is refused',
    ({ sys, root }) => {
      sys.mkdir(root, 'a', 0o700);
      for (const path of ['..', '.', 'a/..', 'a/.', '/', '/etc', 'a/', 'a//a', '../a', 'a\0', 'a\u012fb']) {
        assertFails('EINVAL', () => sys.openDir(root, path));
        assertFails('EINVAL', () => sys.openFile(root, path));
      }
    },
  ],
  [
    'what is missing, or no directory',
    ({ sys, root }) => {
      put(sys, root, 'file');
      assertFails('ENOENT', () => sys.openDir(root, 'missing'));
      assertFails('ENOENT', () => sys.openFile(root, 'missing'));
      assertFails('ENOENT', () => sys.openFile(root, 'missing/file'));
      assertFails('ENOTDIR', () => sys.openDir(root, 'file'));
      assertFails('ENOTDIR', () => sys.openFile(root, 'file/below'));
    },
  ],
  [
    'opening a fifo for reading does not wait for a writer',
    ({ sys, root }) => {
      sys.mkfifo(root, 'fifo', 0o600);
      const fd = sys.openFile(root, 'fifo');
      assert.equal(sys.fstat(fd).kind, 'fifo');
      sys.close(fd);
    },
  ],
  [
    'paths far longer than the kernel takes at once',
    ({ sys, root }) => {
      const names = makeDeep(sys, root, 40);
      for (const depth of [15, 16, 17, 32, 33, 40]) {
        const path = names.slice(0, depth).join('/');
        const next = names[depth] ?? 'bottom';
        withDir(sys, root, path, (dir) => assert.ok(namesIn(sys, dir).includes(next)));
      }
      const path = names.join('/');
      assert.ok(path.length > 10_000);
      assert.equal(contentOf(sys, root, `${path}/bottom`), 'deep');
      assertFails('ENOENT', () => sys.openDir(root, `${path}/missing`));
      assertFails('ENOTDIR', () => sys.openDir(root, `${path}/bottom`));
      assertFails('ELOOP', () => sys.openDir(root, `${path}/loop`));
      assertFails('ELOOP', () => sys.openFile(root, `${path}/loop/bottom`));
    },
  ],
];

const NAMES: readonly Case[] = [
  [
    'names are bytes',
    ({ sys, root }) => {
      for (const name of ODD_NAMES) put(sys, root, name, name);
      assert.deepEqual(namesIn(sys, root), ODD_NAMES.toSorted());
      for (const { name, stat } of sys.listStat(root)) assert.deepEqual(sys.lstat(root, name), stat);
      for (const name of ODD_NAMES) {
        assert.equal(contentOf(sys, root, name), name);
        sys.rename(root, name, root, 'moved', 'noreplace');
        sys.rename(root, 'moved', root, name, 'replace');
        sys.unlink(root, name);
        sys.mkfifo(root, name, 0o600);
        sys.lutimes(root, name, SECOND);
        sys.unlink(root, name);
        sys.symlink(name, root, name);
        assert.equal(sys.readlink(root, name), name);
        sys.unlink(root, name);
        sys.mkdir(root, name, 0o700);
        sys.rmdir(root, name);
      }
      assert.deepEqual(sys.list(root), []);
    },
  ],
  [
    'what is no name never gets to the disk',
    ({ sys, root }) => {
      put(sys, root, 'x');
      const bad: readonly (readonly [string, string])[] = [
        ...['', '.', '..', 'a/b', '/', 'x/', 'x\0', 'a\u012fb'].map((name) => [name, 'EINVAL'] as const),
        ['y'.repeat(256), 'ENAMETOOLONG'],
      ];
      for (const [name, code] of bad) {
        assertFails(code, () => sys.createFile(root, name));
        assertFails(code, () => sys.openFileRw(root, name));
        assertFails(code, () => sys.lstat(root, name));
        assertFails(code, () => sys.readlink(root, name));
        assertFails(code, () => sys.mkdir(root, name, 0o700));
        assertFails(code, () => sys.mkfifo(root, name, 0o600));
        assertFails(code, () => sys.symlink('x', root, name));
        assertFails(code, () => sys.link(root, 'x', root, name));
        assertFails(code, () => sys.link(root, name, root, 'z'));
        for (const mode of ['replace', 'noreplace', 'exchange'] as const) {
          assertFails(code, () => sys.rename(root, 'x', root, name, mode));
          assertFails(code, () => sys.rename(root, name, root, 'z', mode));
        }
        assertFails(code, () => sys.unlink(root, name));
        assertFails(code, () => sys.rmdir(root, name));
        assertFails(code, () => sys.lchown(root, name, 0, 0));
        assertFails(code, () => sys.chmodAt(root, name, 0o600));
        assertFails(code, () => sys.lutimes(root, name, 0n));
      }
      assert.deepEqual(namesIn(sys, root), ['x']);
    },
  ],
  [
    'a listing is whole, however large, and can be repeated',
    ({ sys, root }) => {
      const names = Array.from({ length: 2000 }, (_, i) => `${i}`.padStart(100, '-'));
      for (const name of names) sys.mkdir(root, name, 0o700);
      assert.deepEqual(namesIn(sys, root), names.toSorted());
      assert.deepEqual(namesIn(sys, root), names.toSorted());
      const listed = sys.listStat(root);
      assert.deepEqual(listed.map((entry) => entry.name).sort(), names.toSorted());
      assert.equal(new Set(listed.map((entry) => entry.stat.ino)).size, names.length);
    },
  ],
  [
    'kinds and numbers of what is there',
    ({ sys, root }) => {
      put(sys, root, 'file', '12345');
      sys.mkdir(root, 'dir', 0o700);
      sys.symlink('target', root, 'symlink');
      sys.mkfifo(root, 'fifo', 0o600);
      sys.link(root, 'file', root, 'second');
      for (const { name, kind } of sys.list(root)) {
        const expected = (name === 'second' ? 'file' : name) as FileKind;
        assert.ok(kind === null || kind === expected, `${name}: ${kind}`);
        assert.equal(sys.lstat(root, name)?.kind, expected);
      }
      const stat = sys.lstat(root, 'file');
      assert.ok(stat !== null);
      const { size, nlink, uid, gid, mode, dev, ino } = stat;
      assert.deepEqual({ size, nlink, uid, gid, mode }, { size: 5, nlink: 2, uid: 0, gid: 0, mode: 0o600 });
      assert.equal(dev, sys.fstat(root).dev);
      assert.equal(ino, sys.lstat(root, 'second')?.ino);
      assert.equal(sys.lstat(root, 'symlink')?.size, 6);
      assert.equal(sys.lstat(root, 'dir')?.mode, 0o700);
      assert.equal(sys.lstat(root, 'missing'), null);
      const fd = sys.openFile(root, 'file');
      assert.deepEqual(sys.fstat(fd), sys.lstat(root, 'file'));
      sys.close(fd);
    },
  ],
  [
    'an error tells code, call and name',
    ({ sys, root }) => {
      assert.throws(
        () => sys.unlink(root, 'missing'),
        (error: unknown) =>
          error instanceof SysError &&
          error.code === 'ENOENT' &&
          error.path === 'missing' &&
          error.syscall !== '',
      );
    },
  ],
];

const CONTENT: readonly Case[] = [
  [
    'a new file is private and its name must be free',
    ({ sys, root }) => {
      put(sys, root, 'file', 'old');
      assert.equal(sys.lstat(root, 'file')?.mode, 0o600);
      assertFails('EEXIST', () => sys.createFile(root, 'file'));
      sys.symlink('elsewhere', root, 'link');
      assertFails('EEXIST', () => sys.createFile(root, 'link'));
      assert.equal(contentOf(sys, root, 'file'), 'old');
    },
  ],
  [
    'openFileRw keeps the content',
    ({ sys, root }) => {
      put(sys, root, 'file', 'old content');
      const fd = sys.openFileRw(root, 'file');
      sys.write(fd, Buffer.from('new'), 0);
      sys.close(fd);
      assert.equal(contentOf(sys, root, 'file'), 'new content');
      assertFails('ENOENT', () => sys.openFileRw(root, 'missing'));
      sys.mkdir(root, 'dir', 0o700);
      assertFails('EISDIR', () => sys.openFileRw(root, 'dir'));
    },
  ],
  [
    'reading and writing at positions',
    ({ sys, root }) => {
      const fd = sys.createFile(root, 'file');
      const big = Buffer.alloc(3 * 1024 * 1024, '0123456789abcdef');
      sys.write(fd, big, 0);
      sys.write(fd, new Uint8Array(0), 5);
      const part = Buffer.alloc(16).subarray(4, 12);
      assert.equal(sys.read(fd, part, 16 * 1000 + 3), 8);
      assert.equal(part.toString(), '3456789a');
      const back = Buffer.alloc(big.length + 10);
      let length = 0;
      for (let n = 1; n > 0; length += n) n = sys.read(fd, back.subarray(length), length);
      assert.ok(back.subarray(0, length).equals(big));
      assert.equal(sys.read(fd, part, big.length), 0);
      assert.equal(sys.read(fd, new Uint8Array(0), 0), 0);
      sys.write(fd, part, big.length + 1000);
      assert.equal(sys.fstat(fd).size, big.length + 1008);
      assert.equal(sys.read(fd, part, big.length), 8);
      assert.deepEqual([...part], [0, 0, 0, 0, 0, 0, 0, 0]);
      sys.close(fd);
    },
  ],
  [
    'truncating shortens and lengthens',
    ({ sys, root }) => {
      put(sys, root, 'file', '123456');
      const fd = sys.openFileRw(root, 'file');
      sys.truncate(fd, 3);
      assert.equal(contentOf(sys, root, 'file'), '123');
      sys.truncate(fd, 5);
      assert.equal(contentOf(sys, root, 'file'), '123\0\0');
      sys.close(fd);
    },
  ],
  [
    'an open file outlives its name',
    ({ sys, root }) => {
      put(sys, root, 'file', 'content');
      const fd = sys.openFile(root, 'file');
      sys.unlink(root, 'file');
      assert.equal(sys.fstat(fd).nlink, 0);
      const buffer = Buffer.alloc(7);
      assert.equal(sys.read(fd, buffer, 0), 7);
      assert.equal(buffer.toString(), 'content');
      sys.close(fd);
    },
  ],
  [
    'flushing and free space',
    ({ sys, root }) => {
      const fd = sys.createFile(root, 'file');
      sys.write(fd, Buffer.from('x'), 0);
      sys.fsync(fd);
      sys.syncfs(fd);
      sys.close(fd);
      sys.fsync(root);
      sys.syncfs(root);
      const info = sys.statfs(root);
      assert.ok(info.bytesTotal > 0 && info.bytesFree > 0 && info.bytesFree <= info.bytesTotal);
      assert.ok(info.inodesFree <= info.inodesTotal);
    },
  ],
];

const CHANGES: readonly Case[] = [
  [
    'directories are made and removed',
    ({ sys, root }) => {
      sys.mkdir(root, 'dir', 0o700);
      assertFails('EEXIST', () => sys.mkdir(root, 'dir', 0o700));
      put(sys, root, 'file');
      assertFails('EEXIST', () => sys.mkdir(root, 'file', 0o700));
      assertFails('ENOTDIR', () => sys.rmdir(root, 'file'));
      assertFails('EISDIR', () => sys.unlink(root, 'dir'));
      withDir(sys, root, 'dir', (dir) => {
        put(sys, dir, 'file');
        assertFails('ENOTEMPTY', () => sys.rmdir(root, 'dir'));
        sys.unlink(dir, 'file');
        sys.rmdir(root, 'dir');
        assertFails('ENOENT', () => sys.createFile(dir, 'file'));
      });
      assertFails('ENOENT', () => sys.rmdir(root, 'dir'));
      assertFails('ENOENT', () => sys.unlink(root, 'dir'));
    },
  ],
  [
    'symlinks and fifos',
    ({ sys, root }) => {
      for (const target of ['x', '../..', '/etc/passwd', '\xff\xfe\n', 'long/'.repeat(200)]) {
        sys.symlink(target, root, 'link');
        assert.equal(sys.readlink(root, 'link'), target);
        assertFails('EEXIST', () => sys.symlink(target, root, 'link'));
        assertFails('EEXIST', () => sys.mkfifo(root, 'link', 0o600));
        sys.unlink(root, 'link');
      }
      assertFails('EINVAL', () => sys.symlink('', root, 'link'));
      assertFails('EINVAL', () => sys.symlink('a\0b', root, 'link'));
      assertFails('ENAMETOOLONG', () => sys.symlink('x'.repeat(4096), root, 'link'));
      put(sys, root, 'file');
      assertFails('EINVAL', () => sys.readlink(root, 'file'));
      assertFails('ENOENT', () => sys.readlink(root, 'missing'));
    },
  ],
  [
    'a second name is the same inode, and takes nobody else’s place',
    ({ sys, root }) => {
      put(sys, root, 'file', 'content');
      sys.mkdir(root, 'dir', 0o700);
      withDir(sys, root, 'dir', (dir) => {
        sys.link(root, 'file', dir, 'second');
        assert.equal(sys.lstat(dir, 'second')?.ino, sys.lstat(root, 'file')?.ino);
        assertFails('EEXIST', () => sys.link(root, 'file', dir, 'second'));
      });
      assertFails('ENOENT', () => sys.link(root, 'missing', root, 'new'));
      assertFails('EPERM', () => sys.link(root, 'dir', root, 'new'));
      sys.symlink('file', root, 'symlink');
      sys.link(root, 'symlink', root, 'same symlink');
      assert.equal(sys.lstat(root, 'same symlink')?.kind, 'symlink');
      assert.equal(sys.lstat(root, 'file')?.nlink, 2);
    },
  ],
  [
    'rename replaces what may be replaced',
    ({ sys, root }) => {
      put(sys, root, 'a', 'A');
      put(sys, root, 'b', 'B');
      sys.mkdir(root, 'dir', 0o700);
      sys.mkdir(root, 'empty', 0o700);
      sys.mkdir(root, 'full', 0o700);
      withDir(sys, root, 'full', (full) => put(sys, full, 'x'));
      sys.rename(root, 'a', root, 'b', 'replace');
      assert.equal(contentOf(sys, root, 'b'), 'A');
      withDir(sys, root, 'dir', (dir) => sys.rename(root, 'b', dir, 'c', 'replace'));
      assert.equal(contentOf(sys, root, 'dir/c'), 'A');
      sys.rename(root, 'dir', root, 'empty', 'replace');
      assert.equal(contentOf(sys, root, 'empty/c'), 'A');
      put(sys, root, 'file');
      assertFails('EISDIR', () => sys.rename(root, 'file', root, 'full', 'replace'));
      assertFails('ENOTDIR', () => sys.rename(root, 'full', root, 'file', 'replace'));
      assertFails('ENOTEMPTY', () => sys.rename(root, 'empty', root, 'full', 'replace'));
      assertFails('ENOENT', () => sys.rename(root, 'missing', root, 'new', 'replace'));
      withDir(sys, root, 'full', (full) => {
        assertFails('EINVAL', () => sys.rename(root, 'full', full, 'inside', 'replace'));
        assertFails('EINVAL', () => sys.rename(root, 'full', full, 'inside', 'noreplace'));
      });
    },
  ],
  [
    'noreplace takes nobody’s place',
    ({ sys, root }) => {
      const makers: readonly (readonly [FileKind, (name: string) => void])[] = [
        ['file', (name) => put(sys, root, name, name)],
        ['dir', (name) => sys.mkdir(root, name, 0o700)],
        ['symlink', (name) => sys.symlink('missing', root, name)],
        ['fifo', (name) => sys.mkfifo(root, name, 0o600)],
      ];
      for (const [kind, make] of makers) {
        make('from');
        const moved = sys.lstat(root, 'from')?.ino;
        for (const [, makeOther] of makers) {
          makeOther('to');
          const other = sys.lstat(root, 'to');
          assertFails('EEXIST', () => sys.rename(root, 'from', root, 'to', 'noreplace'));
          assert.equal(sys.lstat(root, 'to')?.ino, other?.ino);
          assert.equal(sys.lstat(root, 'from')?.ino, moved);
          if (other?.kind === 'dir') sys.rmdir(root, 'to');
          else sys.unlink(root, 'to');
        }
        sys.rename(root, 'from', root, 'to', 'noreplace');
        assert.equal(sys.lstat(root, 'from'), null);
        assert.equal(sys.lstat(root, 'to')?.ino, moved);
        if (kind === 'dir') sys.rmdir(root, 'to');
        else sys.unlink(root, 'to');
      }
      assertFails('ENOENT', () => sys.rename(root, 'missing', root, 'new', 'noreplace'));
    },
  ],
  [
    'exchange swaps two names of any kind at once, or says that it cannot',
    ({ sys, root, traits }) => {
      put(sys, root, 'file', 'content');
      sys.mkdir(root, 'dir', 0o700);
      withDir(sys, root, 'dir', (dir) => put(sys, dir, 'inside'));
      const swap = (): void => sys.rename(root, 'file', root, 'dir', 'exchange');
      if (!traits.exchange) {
        assertFails('ENOSYS', swap);
        assert.equal(sys.lstat(root, 'file')?.kind, 'file');
        return;
      }
      swap();
      assert.equal(contentOf(sys, root, 'dir'), 'content');
      assert.equal(contentOf(sys, root, 'file/inside'), '');
      assertFails('ENOENT', () => sys.rename(root, 'file', root, 'missing', 'exchange'));
      assertFails('ENOENT', () => sys.rename(root, 'missing', root, 'file', 'exchange'));
    },
  ],
];

/** Before 1970, exact to the nanosecond, beyond 2038, whole seconds. */
const TIMES = [
  0n,
  1n,
  1_700_000_000_123_456_789n,
  1_700_000_000_999_999_999n,
  1_700_000_000_000_000_000n,
  -1n,
  -SECOND,
  -86_400n * SECOND - 1n,
  7_258_118_400_000_000_001n,
];

const METADATA: readonly Case[] = [
  [
    'modes, with setuid, setgid and sticky bits',
    ({ sys, root }) => {
      const fd = sys.createFile(root, 'file');
      for (const mode of [0o4755, 0o2755, 0o6711, 0o1644, 0, 0o777]) {
        sys.fchmod(fd, mode);
        assert.equal(sys.fstat(fd).mode, mode);
        sys.chmodAt(root, 'file', 0o640);
        assert.equal(sys.fstat(fd).mode, 0o640);
      }
      sys.close(fd);
      sys.mkdir(root, 'dir', 0o700);
      sys.mkfifo(root, 'fifo', 0o600);
      for (const [name, mode] of [
        ['dir', 0o3775],
        ['dir', 0o1777],
        ['fifo', 0o666],
      ] as const) {
        sys.chmodAt(root, name, mode);
        assert.equal(sys.lstat(root, name)?.mode, mode);
      }
      withDir(sys, root, 'dir', (dir) => sys.fchmod(dir, 0o750));
      assert.equal(sys.lstat(root, 'dir')?.mode, 0o750);
      assertFails('ENOENT', () => sys.chmodAt(root, 'missing', 0o600));
    },
  ],
  [
    'chmodAt does not follow a symlink',
    ({ sys, root }) => {
      put(sys, root, 'file');
      sys.symlink('file', root, 'link');
      assertFails('EOPNOTSUPP', () => sys.chmodAt(root, 'link', 0o777));
      assert.equal(sys.lstat(root, 'file')?.mode, 0o600);
    },
  ],
  [
    'owners, of the name itself; setuid goes with the owner',
    ({ sys, root }) => {
      const fd = sys.createFile(root, 'file');
      sys.fchmod(fd, 0o6755);
      sys.fchown(fd, 1234, 4_000_000_000);
      assert.equal(sys.fstat(fd).mode, 0o755);
      sys.close(fd);
      sys.symlink('file', root, 'link');
      sys.lchown(root, 'link', 5, 6);
      sys.mkdir(root, 'dir', 0o700);
      sys.lchown(root, 'dir', 7, 8);
      const owners = ['file', 'link', 'dir'].map((name) => {
        const stat = sys.lstat(root, name);
        return [stat?.uid, stat?.gid];
      });
      assert.deepEqual(owners, [
        [1234, 4_000_000_000],
        [5, 6],
        [7, 8],
      ]);
      assertFails('ENOENT', () => sys.lchown(root, 'missing', 0, 0));
    },
  ],
  [
    'mtime to the nanosecond, of the name itself',
    ({ sys, root }) => {
      const fd = sys.createFile(root, 'file');
      sys.mkdir(root, 'dir', 0o700);
      sys.mkfifo(root, 'fifo', 0o600);
      sys.symlink('file', root, 'link');
      sys.symlink('missing', root, 'dangling');
      for (const time of TIMES) {
        sys.futimes(fd, time);
        for (const name of ['dir', 'fifo', 'link', 'dangling']) sys.lutimes(root, name, time - 1n);
        assert.equal(sys.fstat(fd).mtimeNs, time);
        for (const name of ['dir', 'fifo', 'link', 'dangling']) {
          assert.equal(sys.lstat(root, name)?.mtimeNs, time - 1n, name);
        }
        sys.lutimes(root, 'file', time + 1n);
        assert.equal(sys.fstat(fd).mtimeNs, time + 1n);
      }
      sys.close(fd);
      assertFails('ENOENT', () => sys.lutimes(root, 'missing', 0n));
    },
  ],
];

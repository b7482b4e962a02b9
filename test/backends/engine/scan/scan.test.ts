import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { Buffer } from 'node:buffer';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { SysError } from '../../../../src/sys/sys.ts';
import { compileSelection } from '../../../../src/util/selection.ts';
import type { RelPath } from '../../../../src/backends/engine/core/types.ts';
import type { Observation } from '../../../../src/backends/engine/scan/observation.ts';
import { RootLost } from '../../../../src/backends/engine/scan/root.ts';
import { entry, told, Tree } from './fixture.ts';

let tree: Tree;
beforeEach(() => {
  tree = new Tree();
});
afterEach(() => tree.close());

function only(seen: readonly Observation[]): Extract<Observation, { kind: 'present' }> {
  assert.equal(seen.length, 1, told(seen).join(', '));
  const [one] = seen;
  assert.ok(one?.kind === 'present');
  return one;
}

describe('a first look at a tree', () => {
  it('tells every kind once, directories before their content, and nothing of .csyncd', () => {
    mkdirSync(tree.at('d/e'), { recursive: true });
    writeFileSync(tree.at('d/e/f'), 'hello');
    symlinkSync('../x', tree.at('d/link'));
    execFileSync('mkfifo', [tree.at('pipe')]);
    writeFileSync(tree.at('.csyncd/tmp-file'), 'x');
    assert.deepEqual(told(tree.learn()), ['dir d', 'fifo pipe', 'dir d/e', 'symlink d/link', 'file d/e/f']);
    assert.deepEqual(tree.look(), [], 'nothing differs any more');
    assert.equal(tree.report?.entries, 5);
    assert.equal(tree.report?.hashedFiles, 0);
  });

  it('carries hash, size, mode, owner, mtime to the nanosecond, and small content', () => {
    writeFileSync(tree.at('f'), 'hello');
    chownSync(tree.at('f'), 1234, 5678);
    chmodSync(tree.at('f'), 0o4711);
    execFileSync('touch', ['-d', '2020-02-02T02:02:02.123456789Z', tree.at('f')]);
    const { value, content } = only(tree.look());
    assert.deepEqual(value, {
      kind: 'file',
      sha256: createHash('sha256').update('hello').digest('hex'),
      size: 5,
      mtimeNs: 1_580_608_922_123_456_789n,
      mode: 0o4711,
      owner: '#1234:#5678',
    });
    assert.equal(Buffer.from(content ?? []).toString(), 'hello');
  });

  it('leaves content behind that is large or beyond the budget', () => {
    tree.options = { ...tree.options, contentUpTo: 10, contentBudget: 10 };
    writeFileSync(tree.at('a'), 'x'.repeat(10));
    writeFileSync(tree.at('b'), 'x'.repeat(11));
    writeFileSync(tree.at('c'), 'x');
    const carried = tree.look().map((one) => one.kind === 'present' && one.content?.length);
    assert.deepEqual(carried, [10, undefined, undefined]);
  });

  it('hashes files of every size around its chunks as sha256sum does', () => {
    const sizes = [0, 1, 65_536, 1_048_575, 1_048_576, 1_048_577, 8_388_608, 9_000_001];
    for (const size of sizes) writeFileSync(tree.at(`f${size}`), Buffer.alloc(size, size % 251));
    for (const one of tree.look()) {
      assert.ok(one.kind === 'present' && one.value.kind === 'file');
      const sum = execFileSync('sha256sum', [tree.at(one.path)])
        .toString('latin1')
        .slice(0, 64);
      assert.equal(one.value.sha256, sum, one.path);
    }
  });

  it('takes names as bytes', () => {
    const names = [
      Buffer.from([0x62, 0xff, 0xfe]),
      Buffer.from('new\nline'),
      Buffer.from('ü'),
      Buffer.from('-rf %'),
      Buffer.alloc(255, 0x78),
    ];
    for (const name of names) writeFileSync(Buffer.concat([Buffer.from(`${tree.root}/`), name]), 'x');
    const seen = tree.learn().map((one) => one.path);
    assert.deepEqual(seen, names.map((name) => name.toString('latin1')).sort());
    assert.deepEqual(tree.look(), []);
  });

  it('reports what it does not carry', () => {
    execFileSync('mknod', [tree.at('dev'), 'c', '1', '3']);
    assert.deepEqual(told(tree.look()), ['unsupported dev']);
  });
});

describe('a later look', () => {
  beforeEach(() => {
    mkdirSync(tree.at('d/e'), { recursive: true });
    writeFileSync(tree.at('d/f'), 'one');
    writeFileSync(tree.at('d/e/g'), 'two');
    writeFileSync(tree.at('h'), 'three');
    tree.learn();
  });

  it('finds an edit that put size and mtime back, by ctime', () => {
    const { atimeMs, mtimeMs } = statSync(tree.at('d/f'));
    writeFileSync(tree.at('d/f'), 'ONE');
    utimesSync(tree.at('d/f'), atimeMs / 1000, mtimeMs / 1000);
    assert.deepEqual(told(tree.look()), ['file d/f']);
  });

  it('finds new modes of files and directories, and no change of a directory in which names came and went', () => {
    chmodSync(tree.at('h'), 0o600);
    chmodSync(tree.at('d'), 0o700);
    writeFileSync(tree.at('d/e/new'), '');
    rmSync(tree.at('d/e/new'));
    assert.deepEqual(told(tree.look()), ['dir d', 'file h']);
  });

  it('tells what is gone last, content before its directory', () => {
    rmSync(tree.at('d'), { recursive: true });
    writeFileSync(tree.at('z'), 'new');
    assert.deepEqual(told(tree.learn()), ['file z', 'gone d/e/g', 'gone d/e', 'gone d/f', 'gone d']);
    assert.deepEqual(tree.look(), []);
  });

  it('tells a renamed file where it came from, without reading it', () => {
    renameSync(tree.at('h'), tree.at('d/e/moved'));
    const seen = tree.learn();
    assert.deepEqual(told(seen), ['file d/e/moved', 'gone h']);
    assert.ok(seen[0]?.kind === 'present' && seen[0].movedFrom === 'h' && seen[0].content === null);
    assert.equal(tree.report?.hashedFiles, 0);
  });

  it('tells all files of a renamed directory where they came from', () => {
    renameSync(tree.at('d'), tree.at('x'));
    const seen = tree.learn([entry('d'), entry('x')]);
    assert.deepEqual(told(seen), [
      'dir x',
      'dir x/e',
      'file x/f',
      'file x/e/g',
      'gone d/e/g',
      'gone d/e',
      'gone d/f',
      'gone d',
    ]);
    const from = seen.flatMap((one) =>
      one.kind === 'present' && one.movedFrom !== null ? [one.movedFrom] : [],
    );
    assert.deepEqual(from, ['d/f', 'd/e/g']);
    assert.equal(tree.report?.hashedFiles, 0);
  });

  it('reads a renamed file whose time was set by hand, for its inode may be a new file’s', () => {
    utimesSync(tree.at('h'), 1, 1);
    tree.learn();
    rmSync(tree.at('h'));
    writeFileSync(tree.at('i'), 'THREE');
    utimesSync(tree.at('i'), 1, 1);
    const seen = tree.learn();
    assert.equal(tree.report?.hashedFiles, 1);
    assert.ok(seen[0]?.kind === 'present' && seen[0].movedFrom === null);
  });

  it('does not take a second name of a file for a rename', () => {
    linkSync(tree.at('h'), tree.at('i'));
    const seen = tree.learn();
    assert.deepEqual(told(seen), ['file h', 'file i']);
    assert.ok(seen.every((one) => one.kind === 'present' && one.movedFrom === null));
  });

  it('sees a file that became a directory, and back', () => {
    rmSync(tree.at('h'));
    mkdirSync(tree.at('h'));
    writeFileSync(tree.at('h/in'), 'x');
    assert.deepEqual(told(tree.learn()), ['dir h', 'file h/in']);
    rmSync(tree.at('h'), { recursive: true });
    writeFileSync(tree.at('h'), 'again');
    assert.deepEqual(told(tree.learn()), ['file h', 'gone h/in']);
    assert.deepEqual(tree.look(), []);
  });

  it('looks into a directory that was replaced by another of the same name, even when asked for its name alone', () => {
    renameSync(tree.at('d/e'), tree.at('aside'));
    mkdirSync(tree.at('d/e'));
    writeFileSync(tree.at('d/e/new'), 'x');
    assert.deepEqual(told(tree.look([entry('d/e')])), ['dir d/e', 'file d/e/new', 'gone d/e/g']);
  });

  it('looks only where it is told to', () => {
    writeFileSync(tree.at('h'), 'changed');
    writeFileSync(tree.at('d/f'), 'changed');
    writeFileSync(tree.at('d/e/g'), 'changed');
    assert.deepEqual(told(tree.look([entry('d/f')])), ['file d/f']);
    assert.deepEqual(told(tree.look([{ path: 'd' as RelPath, scope: 'children' }])), ['file d/f']);
    assert.deepEqual(told(tree.look([{ path: 'd' as RelPath, scope: 'subtree' }])), [
      'file d/f',
      'file d/e/g',
    ]);
    assert.deepEqual(told(tree.look([entry('')])), []);
  });

  it('begins with the topmost directory that is unknown or not there any more', () => {
    mkdirSync(tree.at('n/m'), { recursive: true });
    writeFileSync(tree.at('n/m/deep'), 'x');
    assert.deepEqual(told(tree.look([entry('n/m/deep'), entry('n/m')])), [
      'dir n',
      'dir n/m',
      'file n/m/deep',
    ]);
    rmSync(tree.at('d'), { recursive: true });
    assert.deepEqual(told(tree.look([entry('d/e/g')])), ['gone d/e/g', 'gone d/e', 'gone d/f', 'gone d']);
  });

  it('tells a vanished tree once, however many of its paths it is asked about', () => {
    mkdirSync(tree.at('many'));
    const names = Array.from({ length: 300 }, (_, index) => `many/f${index}`);
    for (const name of names) writeFileSync(tree.at(name), name);
    tree.learn();
    rmSync(tree.at('many'), { recursive: true });
    const seen = tree.look([...names, 'many'].map(entry));
    assert.deepEqual(told(seen).sort(), [...names, 'many'].map((name) => `gone ${name}`).sort());
  });

  it('does not follow a directory that became a symlink', () => {
    renameSync(tree.at('d'), tree.at('.csyncd/away'));
    symlinkSync('.csyncd/away', tree.at('d'));
    assert.deepEqual(told(tree.look([entry('d/f')])), ['symlink d', 'gone d/e/g', 'gone d/e', 'gone d/f']);
  });

  it('leaves an emptied file alone for two seconds, for its content is likely to follow', () => {
    const emptied = BigInt(Date.now()) * 1_000_000n;
    truncateSync(tree.at('h'), 0);
    tree.options = { ...tree.options, now: () => emptied + 500_000_000n };
    assert.deepEqual(told(tree.look()), ['hot h']);
    tree.options = { ...tree.options, now: () => emptied + 60_000_000_000n };
    assert.deepEqual(told(tree.look()), ['file h']);
  });

  it('reads a file again that was written within a clock tick of being read', () => {
    tree.options = { ...tree.options, now: () => BigInt(Date.now()) * 1_000_000n };
    appendFileSync(tree.at('h'), '!');
    tree.learn();
    tree.look();
    assert.equal(tree.report?.hashedFiles, 1, 'provisional: read again although nothing changed');
  });
});

describe('selection', () => {
  it('neither tells nor judges what the rules leave out', () => {
    mkdirSync(tree.at('cache'));
    writeFileSync(tree.at('cache/x'), 'x');
    writeFileSync(tree.at('f~'), 'x');
    writeFileSync(tree.at('f'), 'x');
    tree.learn();
    tree.options = {
      ...tree.options,
      selection: compileSelection({ exclude: ['cache/', '*~'], include: [] }),
    };
    assert.deepEqual(tree.look(), []);
    rmSync(tree.at('cache'), { recursive: true });
    rmSync(tree.at('f~'));
    writeFileSync(tree.at('g~'), 'x');
    assert.deepEqual(tree.look(), [], 'newly ignored is not deleted');
    assert.deepEqual(tree.look([entry('cache/x'), entry('f~')]), []);
  });
});

describe('a look that reads all content again', () => {
  const reread = (): void => {
    tree.options = { ...tree.options, reread: true };
  };
  /** As if the disk had returned other bytes than were written: the identity is the same. */
  const rot = (name: string): void => {
    const applied = tree.beliefs.rows.get(name as RelPath);
    assert.ok(applied?.value.kind === 'file');
    const value = { ...applied.value, sha256: '0'.repeat(64) as typeof applied.value.sha256 };
    tree.beliefs.rows.set(name as RelPath, { ...applied, value });
  };

  it('calls other content under the same identity corrupt, never an edit', () => {
    writeFileSync(tree.at('f'), 'x');
    tree.learn();
    rot('f');
    assert.deepEqual(tree.look(), [], 'unseen by any other look');
    reread();
    assert.deepEqual(told(tree.look()), ['corrupt f']);
  });

  it('takes what somebody wrote for the edit that it is', () => {
    writeFileSync(tree.at('f'), 'x');
    tree.learn();
    rot('f');
    writeFileSync(tree.at('f'), 'y');
    reread();
    assert.deepEqual(told(tree.look()), ['file f']);
  });

  it('confirms what is as it was', () => {
    writeFileSync(tree.at('f'), 'x');
    tree.learn();
    reread();
    assert.deepEqual(told(tree.look()), ['file f']);
  });
});

describe('owner and mode that this node cannot hold', () => {
  it('keeps what is believed while the disk is as it was left', () => {
    tree.options = { ...tree.options, owner: 'name' };
    writeFileSync(tree.at('f'), 'x');
    const { value, identity } = only(tree.learn());
    assert.ok(value.kind === 'file' && value.owner === 'root:root');
    const believed = { ...value, owner: 'alice:staff', mode: 0o4755 };
    tree.beliefs.rows.set('f' as RelPath, { value: believed, dots: [], identity });
    appendFileSync(tree.at('f'), 'y');
    const { value: edited } = only(tree.look());
    assert.ok(edited.kind === 'file');
    assert.deepEqual([edited.owner, edited.mode], ['alice:staff', 0o4755]);
    chownSync(tree.at('f'), 1, 0);
    const { value: given } = only(tree.look());
    assert.ok(given.kind === 'file');
    assert.equal(given.owner, 'daemon:staff', 'only the part that changed');
  });
});

describe('what cannot be read', () => {
  it('does not call a new owner what the directory server does not name now', () => {
    writeFileSync(tree.at('a'), 'x');
    mkdirSync(tree.at('b'));
    const away = (): never => {
      throw new SysError('EAGAIN', 'getpwuid_r', '0');
    };
    const accounts = { userName: away, groupName: away, uid: away, gid: away };
    tree.options = { ...tree.options, owner: 'name', accounts };
    assert.deepEqual(told(tree.look()).sort(), ['unreadable a', 'unreadable b']);
  });

  it('refuses to judge once the root lost its marker, moved away or was replaced', () => {
    writeFileSync(tree.at('f'), 'x');
    tree.learn();
    rmSync(tree.at('.csyncd'), { recursive: true });
    assert.throws(() => tree.look(), RootLost);
    mkdirSync(tree.at('.csyncd'));
    assert.deepEqual(tree.look(), []);
    renameSync(tree.root, `${tree.root}.away`);
    assert.throws(() => tree.look(), RootLost);
    mkdirSync(tree.root);
    mkdirSync(tree.at('.csyncd'));
    assert.throws(() => tree.look(), RootLost);
    rmSync(`${tree.root}.away`, { recursive: true });
  });

  it('refuses to judge deletions when the root is lost in the middle', () => {
    writeFileSync(tree.at('f'), 'x');
    tree.learn();
    const list = tree.sys.listStat.bind(tree.sys);
    const listStat: typeof list = (fd) => {
      rmSync(tree.root, { recursive: true });
      return list(fd);
    };
    const broken = Object.assign(Object.create(tree.sys) as typeof tree.sys, { listStat });
    const other = Object.assign(Object.create(tree) as Tree, { sys: broken });
    const seen: Observation[] = [];
    assert.throws(() => seen.push(...other.look()), RootLost);
    assert.deepEqual(seen, []);
  });

  /** The tree, with one system call that does something else. */
  function scannedWith(calls: Partial<typeof tree.sys>): Tree {
    const sys = Object.assign(Object.create(tree.sys) as typeof tree.sys, calls);
    return Object.assign(Object.create(tree) as Tree, { sys });
  }

  it('judges nothing in or below a directory that cannot be read', () => {
    mkdirSync(tree.at('a/b'), { recursive: true });
    writeFileSync(tree.at('a/b/f'), 'x');
    writeFileSync(tree.at('z'), 'x');
    tree.learn();
    rmSync(tree.at('a/b/f'));
    rmSync(tree.at('z'));
    for (const code of ['EIO', 'EACCES', 'ENOTCONN']) {
      const openDir: typeof tree.sys.openDir = (at, name) => {
        if (name === 'a') throw new SysError(code, 'open', name);
        return tree.sys.openDir(at, name);
      };
      const seen = scannedWith({ openDir }).look();
      assert.deepEqual(told(seen), ['unreadable a', 'gone z']);
      assert.ok(seen[0]?.kind === 'unreadable' && seen[0].code === code);
    }
  });

  it('judges what it can in a directory with one name that cannot be examined', () => {
    for (const name of ['a', 'b', 'c']) writeFileSync(tree.at(name), 'x');
    tree.learn();
    rmSync(tree.at('c'));
    appendFileSync(tree.at('a'), 'y');
    const bad = scannedWith({
      listStat: () => {
        throw new SysError('EIO', 'lstat', 'b');
      },
      lstat: (dir, name) => {
        if (name === 'b') throw new SysError('EIO', 'lstat', 'b');
        return tree.sys.lstat(dir, name);
      },
    });
    assert.deepEqual(told(bad.look()), ['unreadable b', 'file a', 'gone c']);
  });

  it('tells a file that cannot be read, and goes on', () => {
    for (const name of ['a', 'b', 'c']) writeFileSync(tree.at(name), 'x');
    const openFile: typeof tree.sys.openFile = (at, name) => {
      if (name === 'b') throw new SysError('EACCES', 'open', name);
      return tree.sys.openFile(at, name);
    };
    assert.deepEqual(told(scannedWith({ openFile }).look()), ['file a', 'unreadable b', 'file c']);
  });

  it('sends nothing of a file that changes while it is read', () => {
    writeFileSync(tree.at('small'), 'x'.repeat(1000));
    writeFileSync(tree.at('large'), Buffer.alloc(3_000_000));
    const meanwhile = (act: () => void): Tree =>
      scannedWith({
        read: (fd, buffer, position) => {
          const count = tree.sys.read(fd, buffer, position);
          act();
          return count;
        },
      });
    assert.deepEqual(told(meanwhile(() => appendFileSync(tree.at('small'), 'y')).look()), [
      'file large',
      'hot small',
    ]);
    assert.deepEqual(told(meanwhile(() => truncateSync(tree.at('large'), 2_000_000)).look()), [
      'hot large',
      'file small',
    ]);
    const other = tree.at('.csyncd/other');
    assert.deepEqual(
      told(
        meanwhile(() => {
          writeFileSync(other, 'x'.repeat(1000));
          renameSync(other, tree.at('small'));
        }).look([entry('small')]),
      ),
      ['hot small'],
    );
  });

  it('does not call deleted what is there again when the scan ends', () => {
    writeFileSync(tree.at('a'), 'x');
    writeFileSync(tree.at('b'), 'x');
    tree.learn();
    rmSync(tree.at('a'));
    appendFileSync(tree.at('b'), 'y');
    const openFile: typeof tree.sys.openFile = (at, name) => {
      writeFileSync(tree.at('a'), 'back');
      return tree.sys.openFile(at, name);
    };
    assert.deepEqual(told(scannedWith({ openFile }).look()), ['file b']);
  });

  it('neither enters nor judges what another file system is mounted over', () => {
    mkdirSync(tree.at('m/n'), { recursive: true });
    writeFileSync(tree.at('m/f'), 'x');
    tree.learn();
    execFileSync('mount', ['-t', 'tmpfs', 'none', tree.at('m')]);
    try {
      writeFileSync(tree.at('m/other'), 'x');
      assert.deepEqual(told(tree.look()), ['mount m']);
      assert.deepEqual(told(tree.look([entry('m/f')])), ['mount m']);
    } finally {
      execFileSync('umount', [tree.at('m')]);
    }
    assert.deepEqual(tree.look(), []);
  });
});

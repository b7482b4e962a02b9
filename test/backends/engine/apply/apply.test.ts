import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { SysError } from '../../../../src/sys/sys.ts';
import type { RelPath } from '../../../../src/backends/engine/core/types.ts';
import { change, dir, file, Ground, kinds, link, NOTHING, SOME_TIME, write } from './fixture.ts';

let ground: Ground;
beforeEach(() => {
  ground = new Ground();
});
afterEach(() => ground.close());

describe('creating', () => {
  it('sets content, owner, mode and time of files, directories, symlinks and fifos', () => {
    const to = file('hello', { mode: 0o4750, owner: '#1234:#5678' });
    const { results } = ground.apply(
      change('d', dir(0o2770, '#7:#8')),
      change('d/f', to, { content: { kind: 'inline', bytes: Buffer.from('hello') } }),
      change('d/l', link('../nowhere')),
      change('d/p', { kind: 'fifo', mode: 0o640, mtimeNs: SOME_TIME, owner: '#1:#2' }),
    );
    assert.deepEqual(kinds(results), ['done', 'done', 'done', 'done']);
    const told = (name: string): unknown[] => {
      const stat = lstatSync(ground.at(name));
      return [stat.mode & 0o7777, stat.uid, stat.gid];
    };
    assert.deepEqual(told('d'), [0o2770, 7, 8]);
    assert.deepEqual(told('d/f'), [0o4750, 1234, 5678]);
    assert.deepEqual(told('d/p'), [0o640, 1, 2]);
    assert.ok(lstatSync(ground.at('d/p')).isFIFO());
    assert.equal(readFileSync(ground.at('d/f'), 'utf8'), 'hello');
    assert.equal(readlinkSync(ground.at('d/l')), '../nowhere');
    for (const name of ['d/f', 'd/l', 'd/p']) assert.equal(ground.mtime(name), SOME_TIME, name);
    for (const { path, outcome } of results)
      assert.ok(outcome.kind === 'done' && outcome.identity === ground.identity(path), path);
    assert.deepEqual(ground.temporaries(), []);
  });

  it('makes missing parents, closed to others, and reports them', () => {
    const { results } = ground.apply(write('a/b/f', 'x'), write('a/b/g', 'y'));
    assert.deepEqual(kinds(results), ['done', 'done']);
    assert.deepEqual(
      results[0]?.parents.map(({ path }) => path),
      ['a', 'a/b'],
    );
    assert.deepEqual(results[0]?.parents[1], {
      path: 'a/b',
      identity: ground.identity('a/b'),
      value: { kind: 'dir', mode: 0o700, owner: '#0:#0' },
    });
    assert.deepEqual(results[1]?.parents, []);
    assert.equal(lstatSync(ground.at('a')).mode & 0o777, 0o700);
  });

  it('never replaces what somebody made there meanwhile', () => {
    writeFileSync(ground.at('f'), 'theirs');
    mkdirSync(ground.at('d'));
    symlinkSync('x', ground.at('l'));
    const { results } = ground.apply(write('f', 'ours'), change('d', dir()), change('l', link('y')));
    assert.deepEqual(kinds(results), ['stale', 'stale', 'stale']);
    assert.equal(readFileSync(ground.at('f'), 'utf8'), 'theirs');
    assert.deepEqual(ground.temporaries(), []);
  });

  it('places nothing that has not the announced content', () => {
    const wrong = change('f', file('announced'), {
      content: { kind: 'inline', bytes: Buffer.from('other') },
    });
    assert.deepEqual(ground.one(wrong), { kind: 'corrupt' });
    writeFileSync(ground.at('.csyncd/tmp/dl-1'), 'announcEd');
    const staged = { kind: 'staged', name: 'dl-1', verified: false } as const;
    assert.deepEqual(ground.one(change('f', file('announced'), { content: staged })), { kind: 'corrupt' });
    assert.ok(!existsSync(ground.at('f')));
    assert.deepEqual(ground.temporaries(), []);
  });

  it('takes content from a finished download, and keeps that when it cannot be placed', () => {
    writeFileSync(ground.at('.csyncd/tmp/dl-1'), 'big');
    const staged = { kind: 'staged', name: 'dl-1', verified: false } as const;
    writeFileSync(ground.at('f'), 'in the way');
    assert.deepEqual(ground.one(change('f', file('big'), { content: staged })), { kind: 'stale' });
    assert.deepEqual(ground.temporaries(), ['dl-1']);
    assert.equal(ground.one(change('g', file('big'), { content: staged })).kind, 'done');
    assert.equal(readFileSync(ground.at('g'), 'utf8'), 'big');
    assert.equal(ground.mtime('g'), SOME_TIME);
  });

  it('copies from another path or a backup, if that has the content', () => {
    writeFileSync(ground.at('src'), 'same');
    writeFileSync(ground.backup('b1'), 'old');
    const path = 'src' as RelPath;
    const copy = { kind: 'local', path, identity: ground.identity('src'), move: false } as const;
    const { results } = ground.apply(
      change('a', file('same'), { content: copy }),
      change('b', file('different'), { content: copy }),
      change('c', file('old'), { content: { kind: 'backup', id: 'b1' } }),
      change('d', file('old'), { content: { kind: 'backup', id: 'b2' } }),
    );
    assert.deepEqual(kinds(results), ['done', 'stale', 'done', 'corrupt']);
    assert.equal(readFileSync(ground.at('a'), 'utf8'), 'same');
    assert.equal(readFileSync(ground.at('c'), 'utf8'), 'old');
    assert.equal(readFileSync(ground.backup('b1'), 'utf8'), 'old');
  });

  it('keeps names that are not UTF-8, or long', () => {
    const names = ['b\xff\xfe', 'new\nline', '-rf %', 'x'.repeat(255)];
    const { results } = ground.apply(...names.map((name) => write(name, 'x')));
    assert.deepEqual(
      kinds(results),
      names.map(() => 'done'),
    );
    for (const name of names) assert.equal(readFileSync(Buffer.from(ground.at(name), 'latin1'), 'utf8'), 'x');
  });
});

describe('owners that this node does not have', () => {
  it('leaves the file to whom csyncd runs as, and never set-uid for them', () => {
    ground.options = { ...ground.options, owner: 'name' };
    const to = file('x', { owner: 'nobody-here:daemon', mode: 0o6755 });
    const content = { kind: 'inline', bytes: Buffer.from('x') } as const;
    assert.equal(ground.one(change('f', to, { content })).kind, 'done');
    const { uid, gid, mode } = lstatSync(ground.at('f'));
    assert.deepEqual([uid, gid, mode & 0o7777], [0, 1, 0o2755]);
    assert.equal(ground.one(change('g', file('x', { owner: '', mode: 0o6755 }), { content })).kind, 'done');
    assert.equal(lstatSync(ground.at('g')).mode & 0o7777, 0o755);
  });
});

describe('without the right to give files away', () => {
  it('keeps them, sets the group where it may, and drops set-uid', () => {
    const { sys } = ground;
    const fchown: typeof sys.fchown = (fd, uid, gid) => {
      if (uid !== 0) throw new SysError('EPERM', 'chown', String(fd));
      sys.fchown(fd, uid, gid);
    };
    ground.sys = Object.assign(Object.create(sys) as typeof sys, { fchown });
    const to = file('x', { owner: '#5:#6', mode: 0o6755 });
    const content = { kind: 'inline', bytes: Buffer.from('x') } as const;
    assert.equal(ground.one(change('f', to, { content })).kind, 'done');
    const { uid, gid, mode } = lstatSync(ground.at('f'));
    assert.deepEqual([uid, gid, mode & 0o7777], [0, 6, 0o2755]);
  });
});

describe('replacing', () => {
  beforeEach(() => writeFileSync(ground.at('f'), 'old'));

  it('keeps the old version as a second name of itself', () => {
    const { ino } = lstatSync(ground.at('f'));
    const done = ground.one(
      write('f', 'new', { expected: ground.identity('f'), from: file('old'), backupId: 'b1' }),
    );
    assert.deepEqual(done, { kind: 'done', identity: ground.identity('f'), backedUp: true });
    assert.equal(readFileSync(ground.at('f'), 'utf8'), 'new');
    assert.equal(readFileSync(ground.backup('b1'), 'utf8'), 'old');
    assert.equal(lstatSync(ground.backup('b1')).ino, ino);
    assert.equal(lstatSync(ground.backup('b1')).nlink, 1);
    assert.deepEqual(ground.temporaries(), []);
  });

  it('touches nothing when somebody edited the file', () => {
    const expected = ground.identity('f');
    writeFileSync(ground.at('f'), 'edited');
    const outcome = ground.one(write('f', 'new', { expected, from: file('old'), backupId: 'b1' }));
    assert.deepEqual(outcome, { kind: 'stale' });
    assert.equal(readFileSync(ground.at('f'), 'utf8'), 'edited');
    assert.ok(!existsSync(ground.backup('b1')));
    assert.deepEqual(ground.temporaries(), []);
  });

  it('turns files into symlinks, fifos and directories and back', () => {
    const fifo = { kind: 'fifo', mode: 0o600, mtimeNs: SOME_TIME, owner: '#0:#0' } as const;
    const states = [file('old'), link('x'), dir(), fifo, link('y'), file('again'), dir(), file('old')];
    for (const [index, to] of states.entries()) {
      const from = states[index - 1];
      if (from === undefined) continue;
      const content =
        to.kind === 'file'
          ? ({ kind: 'inline', bytes: Buffer.from(to.size === 3 ? 'old' : 'again') } as const)
          : ({ kind: 'none' } as const);
      const backupId = from.kind === 'dir' ? null : `b${index}`;
      const outcome = ground.one(
        change('f', to, { expected: ground.identity('f'), from, content, backupId }),
      );
      assert.deepEqual(outcome, {
        kind: 'done',
        identity: ground.identity('f'),
        backedUp: backupId !== null,
      });
      if (backupId !== null) assert.equal(kindOf(ground.backup(backupId)), from.kind);
      assert.equal(kindOf(ground.at('f')), to.kind);
      assert.deepEqual(ground.temporaries(), []);
    }
  });

  it('puts a file in the place of a directory only when that is empty', () => {
    mkdirSync(ground.at('d'));
    writeFileSync(ground.at('d/unknown'), 'x');
    const more = { expected: ground.identity('d'), from: dir() };
    assert.deepEqual(kinds(ground.apply(write('d', 'file', more)).results), ['not-empty']);
    assert.equal(readFileSync(ground.at('d/unknown'), 'utf8'), 'x');
    const removal = change('d/unknown', NOTHING, {
      expected: ground.identity('d/unknown'),
      from: file('x'),
      backupId: 'b1',
    });
    assert.deepEqual(kinds(ground.apply(write('d', 'file', more), removal).results), ['done', 'done']);
    assert.equal(readFileSync(ground.at('d'), 'utf8'), 'file');
  });

  it('says why a protected file cannot be replaced, and goes on', () => {
    execFileSync('chattr', ['+i', ground.at('f')]);
    try {
      const blocked = write('f', 'new', {
        expected: ground.identity('f'),
        from: file('old'),
        backupId: 'b1',
      });
      assert.deepEqual(kinds(ground.apply(blocked, write('g', 'x')).results), ['EPERM', 'done']);
    } finally {
      execFileSync('chattr', ['-i', ground.at('f')]);
    }
    assert.ok(!existsSync(ground.backup('b1')));
    assert.deepEqual(ground.temporaries(), []);
  });
});

function kindOf(path: string): string {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return 'symlink';
  return stat.isDirectory() ? 'dir' : stat.isFIFO() ? 'fifo' : 'file';
}

describe('metadata alone', () => {
  it('changes owner, mode and time in place', () => {
    writeFileSync(ground.at('f'), 'x');
    mkdirSync(ground.at('d'), { mode: 0o700 });
    const { ino } = lstatSync(ground.at('f'));
    const { results } = ground.apply(
      change('d', dir(0o1777, '#3:#4'), { expected: ground.identity('d'), from: dir(0o700) }),
      change('f', file('x', { mode: 0o600, owner: '#5:#6' }), {
        expected: ground.identity('f'),
        from: file('x'),
      }),
    );
    assert.deepEqual(kinds(results), ['done', 'done']);
    const stat = lstatSync(ground.at('f'));
    assert.deepEqual([stat.ino, stat.mode & 0o7777, stat.uid, stat.gid], [ino, 0o600, 5, 6]);
    assert.equal(ground.mtime('f'), SOME_TIME);
    assert.equal(lstatSync(ground.at('d')).mode & 0o7777, 0o1777);
  });

  it('has the file read again when its time was set, for an edit in that moment has lost its own', () => {
    writeFileSync(ground.at('f'), 'x');
    const [timed] = ground.apply(
      change('f', file('x'), { expected: ground.identity('f'), from: file('x', { mtimeNs: 1n }) }),
    ).results;
    assert.ok(timed?.outcome.kind === 'done');
    assert.notEqual(timed.outcome.identity, ground.identity('f'));
    const [moded] = ground.apply(
      change('f', file('x', { mode: 0o600 }), { expected: ground.identity('f'), from: file('x') }),
    ).results;
    assert.ok(moded?.outcome.kind === 'done');
    assert.equal(moded.outcome.identity, ground.identity('f'));
  });

  it('says what is left when one of them fails, and nothing when nothing was touched', () => {
    const { sys } = ground;
    const fails = (call: 'fchown' | 'fchmod' | 'futimes') => {
      const failing = () => {
        throw new SysError('EIO', call, 'f');
      };
      ground.sys = Object.assign(Object.create(sys) as typeof sys, { [call]: failing });
    };
    const from = file('x', { mtimeNs: 1_000_000_000n });
    const to = file('x', { mode: 0o4750, owner: '#5:#6' });
    const attempt = () => {
      rmSync(ground.at('f'), { force: true });
      writeFileSync(ground.at('f'), 'x');
      utimesSync(ground.at('f'), 1, 1);
      return ground.one(change('f', to, { expected: ground.identity('f'), from }));
    };

    fails('fchown');
    const untouched = attempt();
    assert.ok(untouched.kind === 'failed' && untouched.left === undefined);
    for (const [call, mode] of [
      ['fchmod', 0o644],
      ['futimes', 0o4750],
    ] as const) {
      fails(call);
      const outcome = attempt();
      assert.ok(outcome.kind === 'failed' && outcome.code === 'EIO');
      assert.deepEqual(outcome.left, {
        value: { ...from, mode, owner: '#5:#6' },
        identity: ground.identity('f'),
      });
    }
  });

  it('has the file read again when somebody wrote to it while one of them failed', () => {
    const { sys } = ground;
    writeFileSync(ground.at('f'), 'x');
    const expected = ground.identity('f');
    const fchmod = () => {
      writeFileSync(ground.at('f'), 'edited');
      throw new SysError('EIO', 'fchmod', 'f');
    };
    ground.sys = Object.assign(Object.create(sys) as typeof sys, { fchmod });
    const outcome = ground.one(change('f', file('x', { owner: '#5:#6' }), { expected, from: file('x') }));
    assert.ok(outcome.kind === 'failed');
    assert.notEqual(outcome.left?.identity, ground.identity('f'));
    assert.deepEqual(outcome.left?.value, file('x', { owner: '#5:#6' }));
  });

  it('touches nothing when the file was edited or is another', () => {
    writeFileSync(ground.at('f'), 'x');
    const expected = ground.identity('f');
    chmodSync(ground.at('f'), 0o777);
    assert.deepEqual(ground.one(change('f', file('x'), { expected, from: file('x') })), { kind: 'stale' });
    assert.equal(lstatSync(ground.at('f')).mode & 0o777, 0o777);
  });
});

describe('removing', () => {
  it('moves files into the backup, and directories only when empty', () => {
    mkdirSync(ground.at('d/e'), { recursive: true });
    writeFileSync(ground.at('d/f'), 'x');
    symlinkSync('t', ground.at('d/l'));
    const gone = (name: string, from: ReturnType<typeof dir>, backupId: string | null) =>
      change(name, NOTHING, { expected: ground.identity(name), from, backupId });
    assert.deepEqual(kinds(ground.apply(gone('d', dir(), null)).results), ['not-empty']);
    const { results } = ground.apply(
      gone('d/l', link('t'), 'b1'),
      gone('d/f', file('x'), 'b2'),
      gone('d/e', dir(), null),
      gone('d', dir(), null),
    );
    assert.deepEqual(kinds(results), ['done', 'done', 'done', 'done']);
    assert.ok(!existsSync(ground.at('d')));
    assert.equal(readFileSync(ground.backup('b2'), 'utf8'), 'x');
    assert.equal(readlinkSync(ground.backup('b1')), 't');
  });

  it('is done when nothing is there', () => {
    const absent = change('d/f', NOTHING, { expected: 'x:y' as never, from: file('x'), backupId: 'b1' });
    assert.deepEqual(ground.one(absent), { kind: 'done', identity: null, backedUp: false });
  });

  it('leaves alone what was edited', () => {
    writeFileSync(ground.at('f'), 'x');
    const expected = ground.identity('f');
    writeFileSync(ground.at('f'), 'edited');
    const outcome = ground.one(change('f', NOTHING, { expected, from: file('x'), backupId: 'b1' }));
    assert.deepEqual(outcome, { kind: 'stale' });
    assert.equal(readFileSync(ground.at('f'), 'utf8'), 'edited');
  });
});

describe('moving', () => {
  it('renames the file itself', () => {
    writeFileSync(ground.at('a'), 'x');
    const { ino } = lstatSync(ground.at('a'));
    const identity = ground.identity('a');
    const to = file('x', { mtimeNs: ground.mtime('a') });
    const content = { kind: 'local', path: 'a' as RelPath, identity, move: true } as const;
    const { results } = ground.apply(change('new/b', to, { content }));
    assert.deepEqual(kinds(results), ['done']);
    assert.equal(lstatSync(ground.at('new/b')).ino, ino);
    assert.ok(!existsSync(ground.at('a')));
  });

  it('leaves alone a source that was edited and a target that is taken', () => {
    writeFileSync(ground.at('a'), 'x');
    const identity = ground.identity('a');
    const content = { kind: 'local', path: 'a' as RelPath, identity, move: true } as const;
    writeFileSync(ground.at('b'), 'theirs');
    assert.deepEqual(ground.one(change('b', file('x', { mtimeNs: ground.mtime('a') }), { content })), {
      kind: 'stale',
    });
    writeFileSync(ground.at('a'), 'edited');
    assert.deepEqual(ground.one(change('c', file('x'), { content })), { kind: 'stale' });
    assert.equal(readFileSync(ground.at('a'), 'utf8'), 'edited');
    assert.equal(readFileSync(ground.at('b'), 'utf8'), 'theirs');
  });
});

describe('containment (I12)', () => {
  it('never follows a symlink on the way, and never works in .csyncd or outside the root', () => {
    mkdirSync(ground.at('real'));
    symlinkSync('real', ground.at('way'));
    symlinkSync('/tmp', ground.at('out'));
    const paths = [
      'way/f',
      'out/f',
      'f/g',
      '../f',
      'a/../f',
      '/f',
      '',
      'a//b',
      '.csyncd/x',
      '.csyncd',
      'a\0b',
    ];
    writeFileSync(ground.at('f'), 'x');
    const { results } = ground.apply(...paths.map((name) => write(name, 'x')));
    assert.deepEqual(kinds(results), ['stale', 'stale', 'stale', ...paths.slice(3).map(() => 'EINVAL')]);
    assert.ok(!existsSync(ground.at('real/f')));
  });

  it('does not change a hard link’s other name outside of the mapping when it replaces', () => {
    writeFileSync(`${ground.root}.outside`, 'shared');
    linkSync(`${ground.root}.outside`, ground.at('f'));
    const more = { expected: ground.identity('f'), from: file('shared'), backupId: 'b1' };
    assert.equal(ground.one(write('f', 'new', more)).kind, 'done');
    assert.equal(readFileSync(`${ground.root}.outside`, 'utf8'), 'shared');
    renameSync(`${ground.root}.outside`, ground.at('rest'));
  });
});

describe('a strict batch', () => {
  it('ends the same, with few or with many files', () => {
    ground.options = { ...ground.options, durability: 'strict' };
    for (const count of [3, 40]) {
      const many = Array.from({ length: count }, (_, index) =>
        write(`d${count}/${index % 20}/f${index}`, `${index}`),
      );
      assert.ok(kinds(ground.apply(...many).results).every((kind) => kind === 'done'));
      const gone = many.map(({ path, to }) =>
        change(path, NOTHING, {
          expected: ground.identity(path),
          from: to,
          backupId: `b-${path.replaceAll('/', '-')}`,
        }),
      );
      assert.ok(kinds(ground.apply(...gone).results).every((kind) => kind === 'done'));
    }
  });
});

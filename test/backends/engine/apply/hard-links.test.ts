/** The backup of a file that a user has given a second name must not change when he writes to it by that. */
import assert from 'node:assert/strict';
import { chownSync, linkSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { RelPath } from '../../../../src/backends/engine/core/types.ts';
import { recover } from '../../../../src/backends/engine/apply/recover.ts';
import { SysError } from '../../../../src/sys/sys.ts';
import { change, file, Ground, NOTHING, write } from './fixture.ts';

let ground: Ground;
beforeEach(() => {
  ground = new Ground();
});
afterEach(() => ground.close());

describe('a file with another name', () => {
  const outside = (): string => `${ground.root}.outside`;
  const more = (name: string) => ({ expected: ground.identity(name), from: file('old'), backupId: 'b1' });
  beforeEach(() => {
    writeFileSync(outside(), 'old', { mode: 0o640 });
    chownSync(outside(), 5, 6);
    linkSync(outside(), ground.at('f'));
  });
  afterEach(() => rmSync(outside(), { force: true }));

  /** What is written by the other name from now on does not reach the backup, which is as the file was. */
  function isApart(): void {
    const was = lstatSync(outside(), { bigint: true });
    const kept = lstatSync(ground.backup('b1'), { bigint: true });
    assert.deepEqual(
      [kept.nlink, was.nlink, kept.mode, kept.uid, kept.gid, kept.mtimeNs],
      [1n, 1n, was.mode, was.uid, was.gid, was.mtimeNs],
    );
    writeFileSync(outside(), 'written by the other name');
    assert.equal(readFileSync(ground.backup('b1'), 'utf8'), 'old');
    assert.deepEqual(ground.temporaries(), []);
  }

  it('has a copy in the backup when it is replaced', () => {
    const done = ground.one(write('f', 'new', more('f')));
    assert.deepEqual(done, { kind: 'done', identity: ground.identity('f'), backedUp: true });
    assert.equal(readFileSync(ground.at('f'), 'utf8'), 'new');
    isApart();
  });

  it('has a copy in the backup when it is replaced without RENAME_EXCHANGE', () => {
    const { sys } = ground;
    const rename: typeof sys.rename = (...args) => {
      if (args[4] !== 'replace') throw new SysError('EINVAL', 'renameat2', args[1]);
      sys.rename(...args);
    };
    ground.sys = Object.assign(Object.create(sys) as typeof sys, { rename });
    assert.equal(ground.one(write('f', 'new', more('f'))).kind, 'done');
    isApart();
  });

  it('has a copy in the backup when it is deleted', () => {
    const done = ground.one(change('f', NOTHING, more('f')));
    assert.deepEqual(done, { kind: 'done', identity: null, backedUp: true });
    isApart();
  });

  it('has a copy in the backup when it gets its other name while it is replaced', () => {
    rmSync(outside());
    const { sys } = ground;
    const rename: typeof sys.rename = (...args) => {
      if (args[4] === 'exchange') linkSync(ground.at('f'), outside());
      sys.rename(...args);
    };
    ground.sys = Object.assign(Object.create(sys) as typeof sys, { rename });
    assert.equal(ground.one(write('f', 'new', more('f'))).kind, 'done');
    isApart();
  });

  it('has a copy in the backup after a kill before that was made', () => {
    const { sys } = ground;
    linkSync(outside(), ground.backup('b1'));
    rmSync(ground.at('f'));
    writeFileSync(ground.at('f'), 'new');
    const report = recover(sys, ground.fd, [{ path: 'f' as RelPath, backupId: 'b1' }]);
    assert.deepEqual(report.keptBackups, ['b1']);
    isApart();
  });

  it('keeps the second name when there is no room for a copy', () => {
    const { sys } = ground;
    const createFile: typeof sys.createFile = (dir, name) => {
      if (name.startsWith('a-')) throw new SysError('ENOSPC', 'open', name);
      return sys.createFile(dir, name);
    };
    ground.sys = Object.assign(Object.create(sys) as typeof sys, { createFile });
    const done = ground.one(change('f', NOTHING, more('f')));
    assert.deepEqual(done, { kind: 'done', identity: null, backedUp: true });
    assert.equal(readFileSync(ground.backup('b1'), 'utf8'), 'old');
  });
});

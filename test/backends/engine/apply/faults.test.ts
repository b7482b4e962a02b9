import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { openSys } from '../../../../src/sys/open.ts';
import { SysError } from '../../../../src/sys/sys.ts';
import { codeOf, CsyncdError } from '../../../../src/util/errors.ts';
import { prepareRoot } from '../../../../src/backends/engine/apply/prepare.ts';
import { secondLook } from '../../../../src/backends/engine/apply/backups.ts';
import { file, Ground, kinds, write } from './fixture.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'csyncd-faults-'));
});
afterEach(() => {
  try {
    execFileSync('umount', [folder], { stdio: 'ignore' });
  } catch {
    // Most tests mount nothing.
  }
  rmSync(folder, { recursive: true, force: true });
});

function onTmpfs(options: string, test: (ground: Ground) => void): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'none', folder]);
  const ground = new Ground({}, folder);
  try {
    test(ground);
  } finally {
    ground.sys.close(ground.fd);
  }
}

describe('a disk that is full', () => {
  it('fails what does not fit, places what does, and leaves no temporary', () => {
    onTmpfs('size=256k', (ground) => {
      const { results } = ground.apply(write('a', 'x'), write('big', 'x'.repeat(400_000)), write('b', 'y'));
      assert.deepEqual(kinds(results), ['done', 'ENOSPC', 'done']);
      assert.deepEqual(ground.temporaries(), []);
      const old = { expected: ground.identity('a'), from: file('x'), backupId: 'b1' };
      assert.deepEqual(kinds(ground.apply(write('a', 'x'.repeat(400_000), old)).results), ['ENOSPC']);
      assert.equal(readFileSync(ground.at('a'), 'utf8'), 'x');
      assert.ok(!existsSync(ground.backup('b1')));
    });
  });

  it('fails files when there are no inodes left', () => {
    onTmpfs('nr_inodes=8', (ground) => {
      const { results } = ground.apply(...Array.from({ length: 8 }, (_, index) => write(`f${index}`, 'x')));
      assert.ok(kinds(results).includes('ENOSPC'));
      assert.deepEqual(ground.temporaries(), []);
    });
  });
});

describe('a file system that became read-only', () => {
  it('fails each change and touches nothing', () => {
    onTmpfs('size=1m', (ground) => {
      execFileSync('mount', ['-o', 'remount,ro', folder]);
      assert.deepEqual(kinds(ground.apply(write('a', 'x'), write('b', 'y')).results), ['EROFS', 'EROFS']);
    });
  });
});

describe('a disk that does not flush names', () => {
  it('has failed what it placed, and the backups of it stand', () => {
    const ground = new Ground({ durability: 'strict' }, folder);
    ground.apply(write('a', 'old'));
    const real = ground.sys;
    ground.sys = Object.assign(Object.create(real) as typeof real, {
      fsync: (fd: number) => {
        if (real.fstat(fd).kind === 'dir') throw new SysError('EIO', 'fsync', 'a directory');
        real.fsync(fd);
      },
    });
    const old = { expected: ground.identity('a'), from: file('old'), backupId: 'b1' };
    const { results } = ground.apply(write('a', 'new', old), write('b', 'new'));
    assert.deepEqual(kinds(results), ['EIO', 'EIO']);
    assert.deepEqual(
      results.map(({ outcome }) => 'backedUp' in outcome && outcome.backedUp),
      [true, false],
    );
    assert.equal(readFileSync(ground.backup('b1'), 'utf8'), 'old');
    real.close(ground.fd);
  });
});

describe('another file system mounted in the mapping', () => {
  it('gets nothing', () => {
    const ground = new Ground({}, folder);
    mkdirSync(ground.at('m'));
    execFileSync('mount', ['-t', 'tmpfs', 'none', ground.at('m')]);
    try {
      assert.deepEqual(kinds(ground.apply(write('m/f', 'x')).results), ['EXDEV']);
      assert.ok(!existsSync(ground.at('m/f')));
    } finally {
      execFileSync('umount', [ground.at('m')]);
      ground.sys.close(ground.fd);
    }
  });
});

describe('preparing a root', () => {
  const sys = openSys();
  const refused = (root: string, code: string, known = false): void =>
    assert.throws(
      () => prepareRoot(sys, root, { known }),
      (error) => error instanceof CsyncdError && codeOf(error) === code && error.hint !== null,
    );

  it('says what is in the way', () => {
    const at = (name: string): string => path.join(folder, name);
    writeFileSync(at('file'), '');
    symlinkSync(folder, at('link'));
    refused(at('nowhere'), 'root-missing');
    refused(at('file'), 'root-not-directory');
    refused(at('link'), 'root-not-directory');
    execFileSync('chattr', ['+i', folder]);
    try {
      refused(folder, 'root-no-permission');
    } finally {
      execFileSync('chattr', ['-i', folder]);
    }
  });

  it('does not take a folder that belongs to somebody else, or leads away', () => {
    mkdirSync(path.join(folder, '.csyncd'));
    execFileSync('chown', ['1000', path.join(folder, '.csyncd')]);
    refused(folder, 'root-foreign');
    rmSync(path.join(folder, '.csyncd'), { recursive: true });
    symlinkSync('/tmp', path.join(folder, '.csyncd'));
    refused(folder, 'root-foreign');
  });

  it('closes the folder to others, and can be done again', () => {
    mkdirSync(path.join(folder, '.csyncd'), { mode: 0o777 });
    for (const known of [false, true]) {
      const { fd } = prepareRoot(sys, folder, { known });
      assert.equal(sys.lstat(fd, '.csyncd')?.mode, 0o700);
      sys.close(fd);
    }
  });

  it('refuses a known root without its marker: it is not mounted, or was emptied', () => {
    refused(folder, 'root-lost', true);
  });

  it('refuses a read-only file system', () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'none', folder]);
    refused(folder, 'root-read-only');
  });
});

describe('the second look at backups', () => {
  it('finds those that were written to by who had the file open', () => {
    const ground = new Ground({}, folder);
    writeFileSync(ground.backup('same'), 'same');
    writeFileSync(ground.backup('more'), 'more, and more');
    writeFileSync(ground.backup('touched'), 'touched');
    const value = (name: string) =>
      file(name, { mtimeNs: ground.mtime(`.csyncd/backup/${name}`), mode: 0o640 });
    const backups = [
      { id: 'same', value: value('same') },
      { id: 'more', value: value('more') },
      { id: 'touched', value: { ...value('touched'), mtimeNs: 1n } },
      { id: 'pruned', value: file('pruned') },
    ];
    const found = secondLook(ground.sys, ground.fd, backups, ground.options);
    assert.deepEqual(
      found.map(({ id }) => id),
      ['more'],
    );
    const [{ edit } = { edit: null }] = found;
    assert.ok(edit?.kind === 'file' && edit.sha256 === file('more, and more').sha256 && edit.mode === 0o640);
    ground.sys.close(ground.fd);
  });
});

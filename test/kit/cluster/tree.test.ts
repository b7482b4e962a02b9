import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeTempDir } from '../temp-dir.ts';
import { differences, walk } from './tree.ts';

/** A directory with one of everything. */
function sample(): string {
  const dir = makeTempDir();
  fs.mkdirSync(join(dir, 'd/sub'), { recursive: true });
  fs.mkdirSync(join(dir, '.csyncd'));
  fs.writeFileSync(join(dir, '.csyncd/hidden'), '');
  fs.writeFileSync(join(dir, 'd/file'), 'content');
  fs.writeFileSync(Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff, 0x0a])]), '');
  fs.symlinkSync('a', join(dir, 'link'));
  execFileSync('mkfifo', [join(dir, 'fifo')]);
  for (const name of ['d/file', 'link', 'fifo', 'd/sub', 'd']) fs.lutimesSync(join(dir, name), 5, 5);
  fs.lutimesSync(Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff, 0x0a])]), 5, 5);
  return dir;
}

const differ = (one: string, other: string) =>
  differences(
    new Map([
      ['a', walk(one)],
      ['b', walk(other)],
    ]),
  );

describe('comparison of trees', () => {
  it('finds equal trees equal, whatever the times of directories', () => {
    const [one, other] = [sample(), sample()];
    fs.utimesSync(join(other, 'd'), 9, 9);
    assert.deepEqual(differ(one, other), []);
    assert.deepEqual([...walk(one).keys()], ['d', 'd/file', 'd/sub', 'fifo', 'link', '\xff\n']);
  });

  const changes: Record<string, (dir: string) => void> = {
    'content of the same size and time': (dir) => {
      fs.writeFileSync(join(dir, 'd/file'), 'CONTENT');
      fs.utimesSync(join(dir, 'd/file'), 5, 5);
    },
    'mode of a file': (dir) => fs.chmodSync(join(dir, 'd/file'), 0o600),
    'mode of a directory': (dir) => fs.chmodSync(join(dir, 'd'), 0o1777),
    'owner of a symlink': (dir) => fs.lchownSync(join(dir, 'link'), 1, 1),
    'target of a symlink': (dir) => {
      fs.unlinkSync(join(dir, 'link'));
      fs.symlinkSync('ab', join(dir, 'link'));
      fs.lutimesSync(join(dir, 'link'), 5, 5);
    },
    'time of a symlink': (dir) => fs.lutimesSync(join(dir, 'link'), 6, 6),
    'one nanosecond': (dir) => execFileSync('touch', ['-d', '@5.000000001', join(dir, 'd/file')]),
    'a missing directory': (dir) => fs.rmdirSync(join(dir, 'd/sub')),
    type: (dir) => {
      fs.unlinkSync(join(dir, 'fifo'));
      fs.writeFileSync(join(dir, 'fifo'), '');
    },
  };
  for (const [what, change] of Object.entries(changes)) {
    it(`sees another ${what}`, () => {
      const [one, other] = [sample(), sample()];
      change(other);
      assert.equal(differ(one, other).length, 1);
    });
  }
});

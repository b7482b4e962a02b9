/** One process at a time: a lock that dies with its holder, however that ends. */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { CsyncdError } from '../util/errors.ts';
import { errnoName } from './errno.ts';
import { loadLibc } from './libc.ts';
import type { LibcResult } from './libc.ts';
import { SysError } from './sys.ts';

const LOCK_EX_NB = 2 | 4;
const { O_RDWR, O_CREAT, O_NOFOLLOW } = fs.constants;

export interface FileLock {
  release(): void;
}

/**
 * Takes the lock of a file, which is made when missing and stays when released. Throws CsyncdError `locked` when another
 * process (or this one) holds it, with its process id; SysError or node:fs's errors when the file cannot be opened.
 */
export function lockFile(path: string, loaded: LibcResult = loadLibc()): FileLock {
  for (;;) {
    const fd = fs.openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
    try {
      if (!tryLock(fd, path, loaded)) throw lockedError(path, holderOf(fd));
      if (!isStillNamed(fd, path)) {
        fs.closeSync(fd);
        continue;
      }
      fs.ftruncateSync(fd);
      fs.writeSync(fd, `${process.pid}\n`, 0);
    } catch (error) {
      fs.closeSync(fd);
      throw error;
    }
    let isHeld = true;
    return {
      release: () => {
        if (isHeld) fs.closeSync(fd);
        isHeld = false;
      },
    };
  }
}

/** flock(2): held by the open file, which only this process has (close-on-exec). */
function tryLock(fd: number, path: string, loaded: LibcResult): boolean {
  if (!loaded.ok) return tryLockByProgram(fd, path);
  const flock = loaded.libc.func<(fd: number, operation: number) => number>('int flock(int, int)');
  for (;;) {
    if (flock(fd, LOCK_EX_NB) === 0) return true;
    const code = errnoName(loaded.libc.errno());
    if (code === 'EAGAIN') return false;
    if (code !== 'EINTR') throw new SysError(code, 'flock', path);
  }
}

/** flock(1) locks the open file that it inherits; the lock stays when it ends. */
function tryLockByProgram(fd: number, path: string): boolean {
  const { status } = spawnSync('flock', ['-x', '-n', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] });
  if (status === 0) return true;
  if (status === 1) return false;
  throw new SysError('ENOSYS', 'flock', path);
}

/** RACE: somebody removed the file between open and lock: then this lock guards nothing. */
function isStillNamed(fd: number, path: string): boolean {
  const ours = fs.fstatSync(fd, { bigint: true });
  const named = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return named?.ino === ours.ino && named.dev === ours.dev;
}

/** null in the instant between the holder's lock and its writing. */
function holderOf(fd: number): number | null {
  const buffer = new Uint8Array(32);
  const text = String.fromCharCode(
    ...buffer.subarray(0, fs.readSync(fd, buffer, 0, buffer.length, 0)),
  ).trim();
  return /^\d+$/.test(text) ? Number(text) : null;
}

function lockedError(path: string, pid: number | null): CsyncdError {
  const holder = pid === null ? 'another process' : `process ${pid}`;
  return new CsyncdError('locked', `${path} is locked by ${holder}`, {
    hint: 'Only one csyncd may use a state directory: stop the other one, or give this one its own state_dir.',
    data: { path, pid },
  });
}

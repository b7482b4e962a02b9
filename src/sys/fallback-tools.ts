/**
 * What node:fs cannot do, done by a program of coreutils: exact, at a millisecond or two a call. The descriptor is handed
 * on as number 3 and reached as /proc/self/fd/3 there; names travel on standard input, because Node turns arguments
 * into UTF-8.
 */
import { Buffer } from 'node:buffer';
import { spawnSync } from 'node:child_process';
import { SysError } from './sys.ts';
import type { Fd } from './sys.ts';

/** The C locale's messages of what is expected of these programs; anything else is EIO. */
const CODES: readonly (readonly [message: string, code: string])[] = [
  ['File exists', 'EEXIST'],
  ['No such file or directory', 'ENOENT'],
  ['Permission denied', 'EACCES'],
  ['Operation not permitted', 'EPERM'],
  ['No space left on device', 'ENOSPC'],
  ['Disk quota exceeded', 'EDQUOT'],
  ['Read-only file system', 'EROFS'],
];

export const FD_3 = '/proc/self/fd/3';

/** Runs a program with one more argument, a byte string. Throws SysError; ENOSYS when there is no such program. */
export function runTool(
  argv: readonly string[],
  fd: Fd,
  argument: string,
  syscall: string,
  what: string,
): void {
  const result = spawnSync('xargs', ['-0', ...argv], {
    input: Buffer.from(`${argument}\0`, 'latin1'),
    stdio: ['pipe', 'ignore', 'pipe', fd],
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' },
    encoding: 'latin1',
  });
  // xargs: 126 and 127 say that the program could not be run.
  if (result.error !== undefined || result.status === 126 || result.status === 127) {
    throw new SysError('ENOSYS', syscall, what);
  }
  if (result.status === 0) return;
  const found = CODES.find(([message]) => result.stderr.includes(message));
  throw new SysError(found?.[1] ?? 'EIO', syscall, what);
}

/** Node has times as doubles, exact to 240 ns only, and cannot leave the access time alone. */
export function touch(fd: Fd, mtimeNs: bigint, what: string): void {
  const absolute = mtimeNs < 0n ? -mtimeNs : mtimeNs;
  const nanos = (absolute % 1_000_000_000n).toString().padStart(9, '0');
  const date = `@${mtimeNs < 0n ? '-' : ''}${absolute / 1_000_000_000n}.${nanos}`;
  runTool(['touch', '-c', '-m', '-d', date, '--'], fd, FD_3, 'utimes', what);
}

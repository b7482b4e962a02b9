/** Accounts from the name service switch, by the C library's reentrant calls. */
import { Buffer } from 'node:buffer';
import type { Accounts } from './accounts.ts';
import { errnoName } from './errno.ts';
import type { Libc } from './libc.ts';
import { SysError } from './sys.ts';

type Ask<K> = (key: K, record: number, text: number, size: bigint, result: number) => number;

/** A record of passwd or group starts alike: name (pointer), password (pointer), number. */
const ID_OFFSET = 16;
/** A group with very many members needs more than the first, which grows up to the last. */
const FIRST_SIZE = 16 * 1024;
const LAST_SIZE = 4 * 1024 * 1024;
/** What modules answer, besides 0 and no record, when there is no such account (getpwnam_r(3)). */
const NOT_FOUND: ReadonlySet<string> = new Set(['ENOENT', 'ESRCH', 'EBADF', 'EPERM']);

interface Found {
  readonly name: string;
  readonly id: number;
}

export function nssAccounts(libc: Libc): Accounts {
  const byNumber = '(unsigned int, uintptr_t, uintptr_t, size_t, uintptr_t)';
  const byName = '(const void *, uintptr_t, uintptr_t, size_t, uintptr_t)';
  const getpwuid = libc.func<Ask<number>>(`int getpwuid_r${byNumber}`);
  const getgrgid = libc.func<Ask<number>>(`int getgrgid_r${byNumber}`);
  const getpwnam = libc.func<Ask<Buffer>>(`int getpwnam_r${byName}`);
  const getgrnam = libc.func<Ask<Buffer>>(`int getgrnam_r${byName}`);
  const named = (name: string): Buffer => Buffer.from(`${name}\0`, 'latin1');
  return {
    userName: (uid) => lookUp(libc, getpwuid, uid, 'getpwuid')?.name ?? null,
    groupName: (gid) => lookUp(libc, getgrgid, gid, 'getgrgid')?.name ?? null,
    uid: (user) => lookUp(libc, getpwnam, named(user), 'getpwnam')?.id ?? null,
    gid: (group) => lookUp(libc, getgrnam, named(group), 'getgrnam')?.id ?? null,
  };
}

function lookUp<K>(libc: Libc, ask: Ask<K>, key: K, call: string): Found | null {
  for (let size = FIRST_SIZE; ;) {
    // record | where the result's address is put | text
    const area = Buffer.from(new ArrayBuffer(128 + size));
    const base = libc.address(area);
    const status = ask(key, base, base + 128, BigInt(size), base + 64);
    const code = status === 0 ? null : errnoName(status);
    if (code === 'EINTR') continue;
    if (code === 'ERANGE' && size < LAST_SIZE) {
      size *= 4;
      continue;
    }
    if (code !== null && !NOT_FOUND.has(code)) throw new SysError(code, call, '');
    if (code !== null || area.readBigUInt64LE(64) === 0n) return null;
    const start = Number(area.readBigUInt64LE(0)) - base;
    const end = area.indexOf(0, start);
    return { name: area.toString('latin1', start, end), id: area.readUInt32LE(ID_OFFSET) };
  }
}

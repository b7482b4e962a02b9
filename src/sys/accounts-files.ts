/** Accounts read from /etc/passwd and /etc/group, for machines where the C library cannot be called. */
import { readFileSync } from 'node:fs';
import { codeOf } from '../util/errors.ts';
import type { Accounts } from './accounts.ts';
import { SysError } from './sys.ts';

/** Reads the files anew at every question: they are small, and answers are remembered by the caller. */
export function fileAccounts(passwd = '/etc/passwd', group = '/etc/group'): Accounts {
  return {
    userName: (uid) => nameOf(passwd, uid),
    groupName: (gid) => nameOf(group, gid),
    uid: (user) => idOf(passwd, user),
    gid: (name) => idOf(group, name),
  };
}

function nameOf(file: string, id: number): string | null {
  return entriesOf(file).find(([, , found]) => found === String(id))?.[0] ?? null;
}

function idOf(file: string, name: string): number | null {
  const found = entriesOf(file).find((entry) => entry[0] === name)?.[2];
  return found !== undefined && /^\d{1,10}$/.test(found) ? Number(found) : null;
}

/** `name:password:id:…` a line, in both files. */
function entriesOf(file: string): string[][] {
  try {
    return readFileSync(file, 'latin1')
      .split('\n')
      .map((line) => line.split(':'));
  } catch (error) {
    throw new SysError(codeOf(error) ?? 'EIO', 'read', file);
  }
}

/** Picks the way to call the system. */
import { messageOf } from '../util/errors.ts';
import { cachedAccounts } from './accounts.ts';
import type { Accounts } from './accounts.ts';
import { fileAccounts } from './accounts-files.ts';
import { nssAccounts } from './accounts-nss.ts';
import { openFallback } from './fallback.ts';
import { loadLibc } from './libc.ts';
import type { LibcResult } from './libc.ts';
import { openNative } from './native.ts';
import type { Sys } from './sys.ts';

export type OpenedSys = Sys & {
  readonly kind: 'native' | 'fallback';
  /** Why not native; null when it is. For the log and `doctor`. */
  readonly reason: string | null;
};

/** Native calls where they work, else node:fs. Once a thread: the memory behind it is that thread's. */
export function openSys(loaded: LibcResult = loadLibc()): OpenedSys {
  if (!loaded.ok) return fallback(loaded.reason);
  try {
    return Object.assign(openNative(loaded.libc), { kind: 'native', reason: null } as const);
  } catch (error) {
    return fallback(messageOf(error));
  }
}

function fallback(reason: string): OpenedSys {
  return Object.assign(openFallback(), { kind: 'fallback', reason } as const);
}

/**
 * Accounts as the name service switch has them (files, LDAP, sssd …), or, where the C library cannot be called, those of
 * /etc/passwd and /etc/group.
 *
 * @param clock monotonic, ms
 */
export function openAccounts(
  clock: () => number = () => performance.now(),
  loaded: LibcResult = loadLibc(),
): Accounts {
  return cachedAccounts(loaded.ok ? nssAccounts(loaded.libc) : fileAccounts(), clock);
}

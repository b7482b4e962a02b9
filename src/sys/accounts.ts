/** Users and groups by name and by number, as this machine knows them. */

/**
 * Names are byte strings. null = no such account. Throws SysError when the source cannot be asked (a directory server
 * is away): that must not pass for "no such account", or every file would seem to have changed its owner.
 *
 * Synchronous, and may wait for a directory server: for worker threads only.
 */
export interface Accounts {
  userName(uid: number): string | null;
  groupName(gid: number): string | null;
  uid(user: string): number | null;
  gid(group: string): number | null;
}

/** How long an answer counts, ms. Short for "no such": an account is often made just before its files. */
const KNOWN_MS = 60_000;
const UNKNOWN_MS = 5_000;
const ENTRIES = 4096;

/**
 * A source's answers, remembered for a minute; while the source cannot be asked, what it said last counts.
 *
 * @param clock monotonic, ms
 */
export function cachedAccounts(source: Accounts, clock: () => number): Accounts {
  return {
    userName: cached((uid: number) => source.userName(uid), clock),
    groupName: cached((gid: number) => source.groupName(gid), clock),
    uid: cached((user: string) => source.uid(user), clock),
    gid: cached((group: string) => source.gid(group), clock),
  };
}

function cached<K extends string | number, V>(
  ask: (key: K) => V | null,
  clock: () => number,
): (key: K) => V | null {
  const known = new Map<K, { readonly value: V | null; readonly until: number }>();
  return (key) => {
    const now = clock();
    const entry = known.get(key);
    if (entry !== undefined && now < entry.until) return entry.value;
    const { value, ms } = askAgain(() => ask(key), entry);
    known.delete(key);
    if (known.size >= ENTRIES) {
      const [oldest] = known.keys();
      if (oldest !== undefined) known.delete(oldest);
    }
    known.set(key, { value, until: now + ms });
    return value;
  };
}

function askAgain<V>(
  ask: () => V | null,
  last: { readonly value: V | null } | undefined,
): { value: V | null; ms: number } {
  try {
    const value = ask();
    return { value, ms: value === null ? UNKNOWN_MS : KNOWN_MS };
  } catch (error) {
    if (last === undefined) throw error;
    return { value: last.value, ms: UNKNOWN_MS };
  }
}

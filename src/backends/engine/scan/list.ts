import { SysError, type Fd, type Stat, type Sys } from '../../../sys/sys.ts';

/** An entry that is there but whose stat fails has `stat` null and the error. */
export interface Listed {
  readonly name: string;
  readonly stat: Stat | null;
  readonly error?: unknown;
}

/** Names with their stat, in no order. `error`: the directory itself could not be read, and nothing is known of it. */
export function listDirectory(
  sys: Sys,
  fd: Fd,
): { readonly entries: readonly Listed[]; readonly error: unknown } {
  try {
    return { entries: sys.listStat(fd), error: null };
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return listOneByOne(sys, fd);
  }
}

/** One name with a bad sector behind it must not hide the others (I16). */
function listOneByOne(sys: Sys, fd: Fd): { readonly entries: readonly Listed[]; readonly error: unknown } {
  const entries: Listed[] = [];
  try {
    for (const { name } of sys.list(fd)) {
      try {
        const stat = sys.lstat(fd, name);
        if (stat !== null) entries.push({ name, stat });
      } catch (error) {
        entries.push({ name, stat: null, error });
      }
    }
  } catch (error) {
    return { entries: [], error };
  }
  return { entries, error: null };
}

/** Byte order. */
export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

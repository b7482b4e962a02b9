import { SysError, type Fd, type Stat, type Sys } from '../../../sys/sys.ts';

/** An entry that is there but whose stat fails has `stat` null and the error. */
export interface Listed {
  readonly name: string;
  readonly stat: Stat | null;
  readonly error: unknown;
}

/** Names with their stat, in byte order. `error`: the directory itself could not be read, and nothing is known of it. */
export function listDirectory(sys: Sys, fd: Fd): { readonly entries: Listed[]; readonly error: unknown } {
  try {
    const entries = sys.listStat(fd).map(({ name, stat }) => ({ name, stat, error: null }));
    return { entries: entries.sort(byName), error: null };
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return listOneByOne(sys, fd);
  }
}

/** One name with a bad sector behind it must not hide the others (I16). */
function listOneByOne(sys: Sys, fd: Fd): { readonly entries: Listed[]; readonly error: unknown } {
  const entries: Listed[] = [];
  try {
    for (const { name } of sys.list(fd)) {
      try {
        const stat = sys.lstat(fd, name);
        if (stat !== null) entries.push({ name, stat, error: null });
      } catch (error) {
        entries.push({ name, stat: null, error });
      }
    }
  } catch (error) {
    return { entries: [], error };
  }
  return { entries: entries.sort(byName), error: null };
}

function byName(a: Listed, b: Listed): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

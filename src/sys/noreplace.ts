/** `noreplace` for file systems and adapters without RENAME_NOREPLACE. */
import { SysError } from './sys.ts';
import type { Fd, Sys } from './sys.ts';

type Calls = Pick<Sys, 'lstat' | 'link' | 'unlink' | 'rename'>;

/**
 * A second name, then the first removed: nobody's file is replaced, and a crash between leaves both names.
 *
 * A directory can have one name only. RACE: a name made between look and rename is refused by the kernel unless it is
 * an empty directory, which would be replaced: no content is lost.
 */
export function renameNoReplace(sys: Calls, fromDir: Fd, from: string, toDir: Fd, to: string): void {
  const source = sys.lstat(fromDir, from);
  if (source === null) throw new SysError('ENOENT', 'rename', from);
  if (source.kind === 'dir') {
    if (sys.lstat(toDir, to) !== null) throw new SysError('EEXIST', 'rename', to);
    sys.rename(fromDir, from, toDir, to, 'replace');
    return;
  }
  sys.link(fromDir, from, toDir, to);
  sys.unlink(fromDir, from);
}

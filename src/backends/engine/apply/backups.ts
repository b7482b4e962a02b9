/** The versions that were replaced or removed, in `.csyncd/backup`, by id. Which ones to keep is the control loop's choice. */
import type { Fd, Stat, Sys } from '../../../sys/sys.ts';
import { codeOf } from '../../../util/errors.ts';
import type { Value } from '../core/types.ts';
import { HIDDEN_DIR } from '../scan/root.ts';
import { editIn } from './keep.ts';
import { BACKUP, Site } from './site.ts';
import type { ApplyOptions } from './change.ts';

function withBackups<T>(sys: Sys, rootFd: Fd, body: (dir: Fd) => T): T {
  const dir = sys.openDir(rootFd, `${HIDDEN_DIR}/${BACKUP}`);
  try {
    return body(dir);
  } finally {
    sys.close(dir);
  }
}

/** All that is there, with size and times. */
export function listBackups(sys: Sys, rootFd: Fd): { readonly id: string; readonly stat: Stat }[] {
  return withBackups(sys, rootFd, (dir) => sys.listStat(dir).map(({ name, stat }) => ({ id: name, stat })));
}

/** What is not there (any more) is fine. Throws SysError. */
export function removeBackups(sys: Sys, rootFd: Fd, ids: readonly string[]): void {
  withBackups(sys, rootFd, (dir) => {
    for (const id of ids) {
      try {
        sys.unlink(dir, id);
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw error;
      }
    }
  });
}

/** For reading; null when it is not there. The caller closes it. */
export function openBackup(sys: Sys, rootFd: Fd, id: string): Fd | null {
  return withBackups(sys, rootFd, (dir) => {
    try {
      return sys.openFile(dir, id);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    }
  });
}

/**
 * Who had a file open when it was replaced may have gone on writing to it (replication.md 9.1, step 10): the backups
 * that do not hold the version any more that they were made of, with the value that they hold now.
 */
export function secondLook(
  sys: Sys,
  rootFd: Fd,
  backups: readonly { readonly id: string; readonly value: Value }[],
  options: ApplyOptions,
): { readonly id: string; readonly edit: Value }[] {
  const site = new Site(sys, rootFd, options);
  try {
    return backups.flatMap(({ id, value }) => {
      const stat = sys.lstat(site.backupFd, id);
      if (stat?.kind !== 'file' || value.kind !== 'file') return [];
      if (stat.size === value.size && stat.mtimeNs === value.mtimeNs) return [];
      const edit = editIn(site, id, null);
      // A new time alone is no edit of content, and owner and mode are those of the version.
      if (edit.kind !== 'file' || edit.sha256 === value.sha256) return [];
      return [{ id, edit: { ...edit, mode: value.mode, owner: value.owner } }];
    });
  } finally {
    site.close();
  }
}

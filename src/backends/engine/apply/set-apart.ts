/** Backups that share their file with a name of the user's: who writes by that name would write to the backup too (I8). */
import { SysError, type Fd, type Sys } from '../../../sys/sys.ts';
import { isPermitted } from './attributes.ts';
import { copy } from './stage.ts';

export interface BackupPlace {
  readonly sys: Sys;
  readonly backupFd: Fd;
  readonly tmpFd: Fd;
}

/**
 * Makes a backup that has other names a copy of its own, complete before it takes the backup's name; false when it has
 * none, or there is no room: then it stays as it is, which is better than no backup.
 *
 * RACE: what is written by another name before it is copied is in the copy, and is told as an edit; what is written later
 * is the other name's alone.
 *
 * @param temp a free name for a temporary
 */
export function setApart(
  { sys, backupFd, tmpFd }: BackupPlace,
  id: string,
  temp: string,
  flush: boolean,
): boolean {
  const shared = sys.lstat(backupFd, id);
  if (shared?.kind !== 'file' || shared.nlink < 2) return false;
  try {
    const from = sys.openFile(backupFd, id);
    try {
      copyWhole(sys, from, sys.createFile(tmpFd, temp), flush);
    } finally {
      sys.close(from);
    }
    sys.rename(tmpFd, temp, backupFd, id, 'replace');
    return true;
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    drop(sys, tmpFd, temp);
    return false;
  }
}

/** Content, size, owner, mode and time; closes `to`. */
export function copyWhole(sys: Sys, from: Fd, to: Fd, flush: boolean): void {
  try {
    copy(sys, from, to);
    const { size, mode, mtimeNs, uid, gid } = sys.fstat(from);
    sys.truncate(to, size);
    const own = isPermitted(() => sys.fchown(to, uid, gid));
    // What is set-uid must not become so for whoever csyncd runs as.
    sys.fchmod(to, own ? mode : mode & 0o777);
    sys.futimes(to, mtimeNs);
    if (flush) sys.fsync(to);
  } finally {
    sys.close(to);
  }
}

function drop(sys: Sys, dir: Fd, name: string): void {
  try {
    sys.unlink(dir, name);
  } catch (error) {
    // Not made; or the disk is failing, and recovery removes it.
    if (!(error instanceof SysError)) throw error;
  }
}

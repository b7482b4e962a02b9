/** After a crash: removes what was begun, undoes half-made backups, and says where to look (replication.md 9.3, I10). */
import type { Fd, Sys } from '../../../sys/sys.ts';
import { codeOf } from '../../../util/errors.ts';
import type { RelPath } from '../core/types.ts';
import { nameOf, parentOf } from '../scan/paths.ts';
import { HIDDEN_DIR } from '../scan/root.ts';
import { setApart } from './set-apart.ts';
import { BACKUP, TMP } from './site.ts';

/** Unlike any that the kill left. */
const APART_PREFIX = 'r-';

/** Temporaries of content transfer, which goes on with them. */
export const DOWNLOAD_PREFIX = 'dl-';

export interface RecoverReport {
  /** temporaries removed */
  readonly removed: number;
  /** backups of the intents that hold a version which left its name; the others were never made, or taken back */
  readonly keptBackups: readonly string[];
  readonly droppedBackups: readonly string[];
  /** paths that were being changed: to be looked at before anything else is done with them */
  readonly paths: readonly RelPath[];
}

/**
 * An intent's path needs no more than a look: a rename is done or not, and the scan tells. What is found there and is
 * what was wanted is adopted; anything else is an edit, or work to be done again.
 */
export function recover(
  sys: Sys,
  rootFd: Fd,
  intents: readonly { readonly path: RelPath; readonly backupId: string | null }[],
): RecoverReport {
  const keptBackups: string[] = [];
  const droppedBackups: string[] = [];
  for (const { path, backupId } of intents) {
    if (backupId === null) continue;
    (isKept(sys, rootFd, path, backupId) ? keptBackups : droppedBackups).push(backupId);
  }
  setAllApart(sys, rootFd, keptBackups);
  const removed = cleanTemporaries(sys, rootFd);
  return { removed, keptBackups, droppedBackups, paths: intents.map(({ path }) => path) };
}

/** The kill may have come before they were. */
function setAllApart(sys: Sys, rootFd: Fd, ids: readonly string[]): void {
  if (ids.length === 0) return;
  const backupFd = sys.openDir(rootFd, `${HIDDEN_DIR}/${BACKUP}`);
  const tmpFd = sys.openDir(rootFd, `${HIDDEN_DIR}/${TMP}`);
  try {
    for (const [index, id] of ids.entries())
      setApart({ sys, backupFd, tmpFd }, id, `${APART_PREFIX}${index}`, true);
  } finally {
    sys.close(backupFd);
    sys.close(tmpFd);
  }
}

/** A backup with the inode that still has its name was a second name made for nothing. */
function isKept(sys: Sys, rootFd: Fd, path: RelPath, id: string): boolean {
  const backups = sys.openDir(rootFd, `${HIDDEN_DIR}/${BACKUP}`);
  try {
    const backup = sys.lstat(backups, id);
    if (backup === null) return false;
    const there = inodeAt(sys, rootFd, path);
    if (there === null || there !== backup.ino) return true;
    sys.unlink(backups, id);
    return false;
  } finally {
    sys.close(backups);
  }
}

function inodeAt(sys: Sys, rootFd: Fd, path: RelPath): bigint | null {
  let dir: Fd;
  try {
    dir = sys.openDir(rootFd, parentOf(path));
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'EXDEV') return null;
    throw error;
  }
  try {
    return sys.lstat(dir, nameOf(path))?.ino ?? null;
  } finally {
    sys.close(dir);
  }
}

function cleanTemporaries(sys: Sys, rootFd: Fd): number {
  const tmp = sys.openDir(rootFd, `${HIDDEN_DIR}/${TMP}`);
  let removed = 0;
  try {
    for (const { name } of sys.list(tmp)) {
      if (name.startsWith(DOWNLOAD_PREFIX)) continue;
      if (sys.lstat(tmp, name)?.kind === 'dir') sys.rmdir(tmp, name);
      else sys.unlink(tmp, name);
      removed++;
    }
  } finally {
    sys.close(tmp);
  }
  return removed;
}

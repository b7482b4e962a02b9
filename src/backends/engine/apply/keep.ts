/** Keeping what is about to leave its name: a second name in `.csyncd/backup` before the first is taken (I8). */
import type { Fd, Stat } from '../../../sys/sys.ts';
import { codeOf } from '../../../util/errors.ts';
import type { Applied, Value } from '../core/types.ts';
import { metadataOf } from '../scan/owner.ts';
import { fill, readWhole } from '../scan/read.ts';
import type { Site } from './site.ts';
import { copyWhole, setApart } from './set-apart.ts';
import { createHash } from 'node:crypto';
import type { Sha256 } from '../core/types.ts';

/** No hard links here: not this file system, not to this file (protected_hardlinks), or too many. */
const NO_LINK = new Set(['EPERM', 'EMLINK', 'EOPNOTSUPP', 'ENOTSUP', 'ENOSYS', 'EXDEV']);
const TRIES = 3;

export type Kept = 'linked' | 'copied' | 'other';

/**
 * Gives the file behind `fd` (null for what cannot be opened: symlink, fifo) a name in the backup. `other`: the name
 * leads to something else by now, and nothing is kept.
 */
export function keep(site: Site, dir: Fd, name: string, fd: Fd | null, before: Stat, id: string): Kept {
  const { sys, backupFd } = site;
  try {
    sys.link(dir, name, backupFd, id);
  } catch (error) {
    const code = codeOf(error) ?? '';
    if (code === 'ENOENT') return 'other';
    if (!NO_LINK.has(code)) throw error;
    keepCopy(site, dir, name, fd, before, id);
    return 'copied';
  }
  // RACE: between the look at the file and the link somebody put another one in its place.
  if (sys.lstat(backupFd, id)?.ino === before.ino) return 'linked';
  sys.unlink(backupFd, id);
  return 'other';
}

/**
 * RACE: what is written to the file after it was copied is in the copy only when the file itself is caught later
 * (place.ts exchanges names and moves it here); without RENAME_EXCHANGE it is copied once more at the end.
 */
function keepCopy(site: Site, dir: Fd, name: string, fd: Fd | null, before: Stat, id: string): void {
  const { sys, backupFd } = site;
  if (fd === null) {
    if (before.kind === 'symlink') sys.symlink(sys.readlink(dir, name), backupFd, id);
    return;
  }
  try {
    copyWhole(sys, fd, sys.createFile(backupFd, id), site.options.durability === 'strict');
  } catch (error) {
    dropBackup(site, id);
    throw error;
  }
}

/** Without RENAME_EXCHANGE the old file has no name any more: what was written to it meanwhile is read from its descriptor. */
export function keepAgain(site: Site, fd: Fd, id: string): void {
  const { sys, backupFd, options } = site;
  copyWhole(sys, fd, sys.openFileRw(backupFd, id), options.durability === 'strict');
}

/** A backup that has other names becomes a copy of its own; false when it was none, or could not. */
export function setApartIn(site: Site, id: string): boolean {
  return setApart(site, id, site.temp(), site.options.durability === 'strict');
}

/** Takes back a backup that was made for nothing. */
export function dropBackup(site: Site, id: string): void {
  try {
    site.sys.unlink(site.backupFd, id);
  } catch {
    // Not made, or the disk is failing: recovery finds a second name of the same inode and removes it.
  }
}

/** What a backup holds that somebody wrote to while its place was taken: the value of a local edit. */
export function editIn(site: Site, id: string, before: Pick<Applied, 'value' | 'identity'> | null): Value {
  const { sys, backupFd } = site;
  const stat = sys.lstat(backupFd, id);
  if (stat === null) return { kind: 'absent' };
  const { mode, owner } = metadataOf(site.options, stat, before);
  switch (stat.kind) {
    case 'symlink':
      return { kind: 'symlink', target: sys.readlink(backupFd, id), mtimeNs: stat.mtimeNs, owner };
    case 'fifo':
      return { kind: 'fifo', mtimeNs: stat.mtimeNs, mode, owner };
    case 'file':
      return { kind: 'file', ...contentOf(site, id), mode, owner };
    case 'dir':
    case 'other':
      return { kind: 'absent' };
  }
}

/** A writer may still be at it: then what there is now counts, and the second look at the backup finds the rest. */
function contentOf(site: Site, id: string): { sha256: Sha256; size: number; mtimeNs: bigint } {
  const { sys, backupFd } = site;
  const fd = sys.openFile(backupFd, id);
  try {
    for (let tries = 0; tries < TRIES; tries++) {
      const steps = readWhole(sys, fd, -1);
      let step = steps.next();
      while (step.done !== true) step = steps.next();
      if (step.value.kind === 'hot') continue;
      const { sha256, stat } = step.value;
      return { sha256, size: stat.size, mtimeNs: stat.mtimeNs };
    }
    const { size, mtimeNs } = sys.fstat(fd);
    return { ...firstBytes(site, fd, size), mtimeNs };
  } finally {
    sys.close(fd);
  }
}

function firstBytes(site: Site, fd: Fd, size: number): { sha256: Sha256; size: number } {
  const digest = createHash('sha256');
  const chunk = new Uint8Array(256 * 1024);
  let position = 0;
  while (position < size) {
    const length = fill(site.sys, fd, chunk.subarray(0, Math.min(chunk.length, size - position)), position);
    if (length === 0) break;
    digest.update(chunk.subarray(0, length));
    position += length;
  }
  return { sha256: digest.digest('hex') as Sha256, size: position };
}

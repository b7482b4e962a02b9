/** Owner, mode and time of what is applied. */
import type { Fd, Stat } from '../../../sys/sys.ts';
import { codeOf } from '../../../util/errors.ts';
import type { Value } from '../core/types.ts';
import { ownerIds } from '../scan/owner.ts';
import type { Site } from './site.ts';

const SET_UID = 0o4000;
const SET_GID = 0o2000;

/** Sets owner and mode by descriptor, owner first, because a new owner takes set-uid away. */
export function setAttributes(
  site: Site,
  fd: Fd,
  now: Stat,
  to: Extract<Value, { kind: 'file' | 'dir' }>,
): void {
  const { sys } = site;
  const given = setOwner(now, wantedOwner(site, to.owner), (uid, gid) => sys.fchown(fd, uid, gid));
  const mode = to.kind === 'dir' ? to.mode : safeMode(to.mode, given);
  if (given.changed || mode !== now.mode) sys.fchmod(fd, mode);
}

/** The same by name, for a temporary that cannot be opened. */
export function setAttributesAt(
  site: Site,
  name: string,
  now: Stat,
  to: Extract<Value, { kind: 'symlink' | 'fifo' }>,
): void {
  const { sys, tmpFd } = site;
  const wanted = wantedOwner(site, to.owner);
  setOwner(now, wanted, (uid, gid) => sys.lchown(tmpFd, name, uid, gid));
  if (to.kind === 'fifo') sys.chmodAt(tmpFd, name, to.mode & 0o777);
  sys.lutimes(tmpFd, name, to.mtimeNs);
}

interface Wanted {
  readonly uid: number | null;
  readonly gid: number | null;
}

interface Given {
  /** whether user and group are the wanted ones, not merely the ones that csyncd runs under */
  readonly user: boolean;
  readonly group: boolean;
  readonly changed: boolean;
}

function wantedOwner(site: Site, owner: string): Wanted {
  if (site.options.owner === 'ignore' || owner === '') return { uid: null, gid: null };
  return ownerIds(owner, site.options.accounts);
}

/** An account that does not exist here leaves the owner as it is; so does EPERM, when csyncd does not run as root. */
function setOwner(now: Stat, wanted: Wanted, chown: (uid: number, gid: number) => void): Given {
  const uid = wanted.uid ?? now.uid;
  const gid = wanted.gid ?? now.gid;
  const asWanted = { user: wanted.uid !== null, group: wanted.gid !== null };
  if (uid === now.uid && gid === now.gid) return { ...asWanted, changed: false };
  if (isPermitted(() => chown(uid, gid))) return { ...asWanted, changed: true };
  const user = asWanted.user && uid === now.uid;
  if (gid !== now.gid && isPermitted(() => chown(now.uid, gid)))
    return { user, group: asWanted.group, changed: true };
  return { user, group: asWanted.group && gid === now.gid, changed: false };
}

/** Whether the owner could be given: not when csyncd does not run as root. */
export function isPermitted(chown: () => void): boolean {
  try {
    chown();
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EPERM') throw error;
    return false;
  }
}

/** A set-uid program must never become set-uid for whoever csyncd runs as: root. */
function safeMode(mode: number, given: Given): number {
  return mode & ~(given.user ? 0 : SET_UID) & ~(given.group ? 0 : SET_GID);
}

/**
 * What csync2 writes beside a file before it renames it into place, `.NAME.XXXXXX`. One that is killed leaves it there, as
 * nobody's file.
 */
import type { Stat } from '../../sys/sys.ts';
import { systemCode, type Tree } from './comparison.ts';
import { baseOf, parentOf } from './paths.ts';
import { mustBeSame } from './root.ts';

/** Whom the csync2 of this node runs as, when that is nobody else who has files: null as root. */
export interface Csync2User {
  readonly uid: number;
  readonly gid: number;
}

export interface Leftover {
  readonly path: string;
  readonly ino: bigint;
  readonly ctimeNs: bigint;
}

/** rsync's are called so as well. */
const TEMPORARY = /^\..+\.[0-9A-Za-z]{6}$/;

export function csync2User(): Csync2User | null {
  const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
  return uid === 0 ? null : { uid, gid };
}

export function isTemporaryName(path: string): boolean {
  return TEMPORARY.test(baseOf(path));
}

/**
 * Whether csync2 itself has written this, and nobody else: a file of the name and the mode of its temporaries, that belongs to the
 * user whom only csyncd and csync2 run as. A copy of somebody's file that keeps its owner, whose number means another user
 * elsewhere, keeps its time as well, and that is not when it was written here.
 */
export function isWrittenByCsync2(path: string, stat: Stat, user: Csync2User | null): boolean {
  const { kind, mode, uid, gid, nlink, mtimeNs, ctimeNs } = stat;
  const isOwn = user !== null && uid === user.uid && gid === user.gid;
  return (
    isOwn && kind === 'file' && mode === 0o600 && nlink === 1 && mtimeNs === ctimeNs && isTemporaryName(path)
  );
}

/**
 * Removes what csync2 left, and nothing that was touched since it was seen. What cannot be removed stays: it is found again.
 * @returns the paths of those that are gone
 */
export function removeLeftovers(tree: Tree, leftovers: readonly Leftover[]): string[] {
  if (leftovers.length === 0) return [];
  const { sys, rootPath, root } = tree;
  const rootFd = sys.openRoot(rootPath);
  try {
    mustBeSame(rootPath, sys.fstat(rootFd), root ?? sys.fstat(rootFd));
    return leftovers.filter((leftover) => remove(tree, rootFd, leftover)).map(({ path }) => path);
  } finally {
    sys.close(rootFd);
  }
}

function remove({ sys }: Tree, rootFd: number, { path, ino, ctimeNs }: Leftover): boolean {
  try {
    const dir = sys.openDir(rootFd, parentOf(path));
    try {
      const stat = sys.lstat(dir, baseOf(path));
      if (stat?.ino !== ino || stat.ctimeNs !== ctimeNs) return false;
      sys.unlink(dir, baseOf(path));
      return true;
    } finally {
      sys.close(dir);
    }
  } catch (error) {
    if (systemCode(error) === null) throw error;
    return false;
  }
}

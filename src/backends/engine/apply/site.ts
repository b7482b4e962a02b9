/** Where one batch works: the mapping's directories by descriptor, and its temporaries. */
import { SysError, type Fd, type Stat, type Sys } from '../../../sys/sys.ts';
import { codeOf } from '../../../util/errors.ts';
import type { RelPath, Value } from '../core/types.ts';
import { identityNow } from '../scan/identity.ts';
import { metadataOf } from '../scan/owner.ts';
import { isBelow, nameOf, parentOf, ROOT } from '../scan/paths.ts';
import { HIDDEN_DIR } from '../scan/root.ts';
import type { ApplyOptions, ChangeResult } from './change.ts';

type Parent = ChangeResult['parents'][number];

export const TMP = 'tmp';
export const BACKUP = 'backup';
/** Temporaries of a batch; whatever is left of them after a crash is of no use (recover.ts). */
export const TEMP_PREFIX = 'a-';

/** In the backup: what several races in a row left without a place. Found by a person, pruned like any backup. */
export const STRAY_PREFIX = 'stray-';

/** Directories kept open at a time: a batch comes in path order. */
const OPEN_DIRS = 32;

/** The path leads through something that is no directory of this mapping: somebody changed it, so look first. */
export class NoWay extends Error {}

export class Site {
  readonly sys: Sys;
  readonly rootFd: Fd;
  readonly options: ApplyOptions;
  readonly tmpFd: Fd;
  readonly backupFd: Fd;
  /** directories in which names changed, for the flush */
  readonly touched = new Set<RelPath>();
  /** directories made since it was last emptied, because a parent was missing */
  made: Parent[] = [];
  private readonly dirs = new Map<RelPath, Fd>();
  private temps = 0;

  constructor(sys: Sys, rootFd: Fd, options: ApplyOptions) {
    this.sys = sys;
    this.rootFd = rootFd;
    this.options = options;
    this.tmpFd = sys.openDir(rootFd, `${HIDDEN_DIR}/${TMP}`);
    try {
      this.backupFd = sys.openDir(rootFd, `${HIDDEN_DIR}/${BACKUP}`);
    } catch (error) {
      sys.close(this.tmpFd);
      throw error;
    }
  }

  close(): void {
    for (const fd of this.dirs.values()) this.sys.close(fd);
    this.dirs.clear();
    this.sys.close(this.backupFd);
    this.sys.close(this.tmpFd);
  }

  /** A name for a temporary that is not taken: one batch at a time works in a mapping. */
  temp(): string {
    return `${TEMP_PREFIX}${this.temps++}`;
  }

  /**
   * The directory that a path is in, made (0700) with its parents when it is missing. No symlink is followed (I12).
   *
   * RACE: the descriptor stays good when somebody renames the directory during the batch; what is then placed goes with
   * it, and the next look finds it there.
   */
  parent(path: RelPath, make: boolean): Fd {
    return this.dir(parentOf(path), make);
  }

  dir(path: RelPath, make: boolean): Fd {
    if (path === ROOT) return this.rootFd;
    const known = this.dirs.get(path);
    if (known !== undefined) return known;
    const fd = this.open(path, make);
    const [oldest] = this.dirs.size >= OPEN_DIRS ? this.dirs.keys() : [];
    if (oldest !== undefined) this.forget(oldest);
    this.dirs.set(path, fd);
    return fd;
  }

  /** The name at a path is another thing now. */
  replaced(path: RelPath): void {
    for (const dir of this.dirs.keys()) if (dir === path || isBelow(dir, path)) this.forget(dir);
    this.touched.delete(path);
  }

  private forget(dir: RelPath): void {
    const fd = this.dirs.get(dir);
    this.dirs.delete(dir);
    if (fd !== undefined) this.sys.close(fd);
  }

  private open(path: RelPath, make: boolean): Fd {
    const { sys } = this;
    let fd: Fd;
    try {
      fd = sys.openDir(this.rootFd, path);
    } catch (error) {
      const code = codeOf(error);
      if (code === 'ENOTDIR' || code === 'ELOOP' || code === 'EXDEV') throw new NoWay();
      if (code !== 'ENOENT' || !make) throw error;
      fd = this.make(path);
    }
    if (sys.fstat(fd).dev === this.options.root.dev) return fd;
    sys.close(fd);
    throw new SysError('EXDEV', 'open', 'another file system is mounted there');
  }

  private make(path: RelPath): Fd {
    const { sys } = this;
    const above = this.dir(parentOf(path), true);
    const name = nameOf(path);
    try {
      sys.mkdir(above, name, 0o700);
    } catch (error) {
      // Somebody else made it meanwhile: not ours to report.
      if (codeOf(error) !== 'EEXIST') throw error;
      return this.openMade(above, name);
    }
    this.touched.add(parentOf(path));
    const fd = this.openMade(above, name);
    const stat = sys.fstat(fd);
    const value: Value = { kind: 'dir', ...metadataOf(this.options, stat, null) };
    this.made.push({ path, identity: identityNow(stat), value });
    return fd;
  }

  private openMade(above: Fd, name: string): Fd {
    try {
      return this.sys.openDir(above, name);
    } catch (error) {
      throw codeOf(error) === 'ENOENT' ? error : new NoWay();
    }
  }
}

/** Equal inode, and nothing written to it: ctime is left out, because giving and taking names changes it. */
export function isUnwritten(before: Stat, after: Stat): boolean {
  return (
    after.ino === before.ino &&
    after.dev === before.dev &&
    after.kind === before.kind &&
    (after.kind === 'dir' || (after.size === before.size && after.mtimeNs === before.mtimeNs)) &&
    after.mode === before.mode &&
    after.uid === before.uid &&
    after.gid === before.gid
  );
}

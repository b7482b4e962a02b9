/** What a watch host cannot do fully, in words for an operator. */
import { statfsSync } from 'node:fs';
import { Buffer } from 'node:buffer';
import { bytesToText } from '../util/bytes.ts';

export interface Shortcoming {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** holds for the life of the host; false: until every directory is watched */
  readonly lasting: boolean;
}

const SWEPT = 'its changes are found by periodic looks only, and later';

/** @param path byte path below the root; @param errno of the failed watch or read */
export function uncoveredDirectory(path: string, errno: string): Shortcoming {
  const dir = path === '' ? 'the root' : `'${bytesToText(path)}'`;
  switch (errno) {
    case 'ENOSPC':
      return {
        code: 'too-few-watches',
        message: `no inotify watches are left, first for ${dir}: ${SWEPT}`,
        hint: 'raise fs.inotify.max_user_watches to twice the number of directories',
        lasting: false,
      };
    case 'EMFILE':
      return {
        code: 'too-few-instances',
        message: `no inotify instance is left, first for ${dir}: ${SWEPT}`,
        hint: 'raise fs.inotify.max_user_instances, or the limit on open files',
        lasting: false,
      };
    case 'EACCES':
    case 'EPERM':
      return {
        code: 'unreadable-directory',
        message: `no permission for ${dir}: it is not watched`,
        hint: 'let the daemon read it, or exclude it',
        lasting: false,
      };
    case 'ENAMETOOLONG':
      return {
        code: 'path-too-long',
        message: `the path of ${dir} is too long to be watched: ${SWEPT}`,
        hint: 'shorten the path, or exclude it',
        lasting: true,
      };
    case 'EOPNOTSUPP':
      return {
        code: 'unsuitable-file-system',
        message: `the file system does not report changes that are made elsewhere: ${SWEPT}`,
        hint: 'keep mappings on a local file system',
        lasting: false,
      };
    default:
      return {
        code: 'unwatchable-directory',
        message: `${dir} cannot be watched (${errno}): ${SWEPT}`,
        hint: 'see the kernel log, or exclude it',
        lasting: false,
      };
  }
}

export const noRecursiveWatch: Shortcoming = {
  code: 'watcher-did-not-start',
  message: 'the recursive watcher did not start: every directory has a watch of its own',
  hint: 'raise fs.inotify.max_user_instances; it is tried again from time to time',
  lasting: true,
};

/** statfs types of file systems that other machines write to: nfs, smb, cifs, smb2, fuse, ceph, 9p, afs, gfs2, ocfs2, lustre */
const SHARED_TYPES = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x65735546, 0x00c36400, 0x01021997, 0x5346414f, 0x01161970,
  0x7461636f, 0x0bd00bd0,
]);

/** Whether inotify sees all changes on the file system at `root`, a byte path. */
export function reportsChanges(root: string): boolean {
  try {
    return !SHARED_TYPES.has(statfsSync(Buffer.from(root, 'latin1')).type);
  } catch {
    return true;
  }
}

/** Makes a directory ready to be a mapping's root, or says what is in the way. */
import type { Fd, Stat, Sys } from '../../../sys/sys.ts';
import { bytesToText } from '../../../util/bytes.ts';
import { codeOf, CsyncdError, messageOf } from '../../../util/errors.ts';
import { HIDDEN_DIR, RootLost, type RootIdentity } from '../scan/root.ts';
import { BACKUP, TMP } from './site.ts';

export interface PreparedRoot extends RootIdentity {
  readonly fd: Fd;
}

const PROBE = 'a-probe';

/**
 * Opens the root and makes `.csyncd/{tmp,backup}` in it, 0700. `known`: this root was prepared before and the store knows
 * files in it; then a missing marker means that the file system is not mounted or was emptied, and RootLost is thrown
 * instead of taking everything for deleted. Throws CsyncdError; the caller closes `fd`.
 */
export function prepareRoot(sys: Sys, path: string, options: { readonly known: boolean }): PreparedRoot {
  const fd = openRoot(sys, path);
  try {
    const { dev, ino } = sys.fstat(fd);
    if (options.known && sys.lstat(fd, HIDDEN_DIR) === null)
      throw new RootLost(
        path,
        `there is no ${HIDDEN_DIR} in it, although it was synced before: another directory, or emptied, or not mounted`,
      );
    prepare(sys, fd, path, dev);
    return { fd, path, dev, ino };
  } catch (error) {
    sys.close(fd);
    throw error;
  }
}

function openRoot(sys: Sys, path: string): Fd {
  try {
    return sys.openRoot(path);
  } catch (error) {
    const shown = bytesToText(path);
    switch (codeOf(error)) {
      case 'ENOENT':
        throw fault(
          'root-missing',
          `${shown} does not exist`,
          'Create the directory or mount its file system.',
          error,
        );
      case 'ENOTDIR':
        throw fault(
          'root-not-directory',
          `${shown} is not a directory`,
          "Correct the mapping's path.",
          error,
        );
      case 'ELOOP':
        throw fault('root-not-directory', `${shown} is a symlink`, 'Give the path that it leads to.', error);
      default:
        throw refused(shown, error);
    }
  }
}

function prepare(sys: Sys, root: Fd, path: string, dev: bigint): void {
  const shown = bytesToText(path);
  const opened: Fd[] = [];
  try {
    const isNew = sys.lstat(root, HIDDEN_DIR) === null;
    const hidden = ownDir(sys, root, HIDDEN_DIR, `${shown}/${HIDDEN_DIR}`, opened);
    for (const name of [TMP, BACKUP]) {
      const inner = ownDir(sys, hidden, name, `${shown}/${HIDDEN_DIR}/${name}`, opened);
      if (sys.fstat(inner).dev !== dev)
        throw fault(
          'root-divided',
          `${shown}/${HIDDEN_DIR}/${name} is on another file system than ${shown}`,
          'Unmount it: files are placed by renaming them from there.',
        );
      probe(sys, inner, [hidden, inner], shown);
    }
    // A marker that a power cut takes back would make the root look as if it were not mounted.
    if (isNew) for (const fd of [hidden, root]) sys.fsync(fd);
  } catch (error) {
    throw error instanceof CsyncdError ? error : refused(shown, error);
  } finally {
    for (const fd of opened) sys.close(fd);
  }
}

function ownDir(sys: Sys, at: Fd, name: string, shown: string, opened: Fd[]): Fd {
  if (sys.lstat(at, name) === null) sys.mkdir(at, name, 0o700);
  let fd: Fd;
  try {
    fd = sys.openDir(at, name);
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'ENOTDIR' && code !== 'ELOOP' && code !== 'EXDEV') throw error;
    throw fault(
      'root-foreign',
      `${shown} is not a directory`,
      'Remove it: csyncd keeps its temporaries there.',
      error,
    );
  }
  opened.push(fd);
  if (sys.fstat(fd).mode !== 0o700) sys.fchmod(fd, 0o700);
  return fd;
}

/** Whether files can be made, and belong to whom the directories do: nobody else may reach the temporaries. */
function probe(sys: Sys, dir: Fd, above: readonly Fd[], shown: string): void {
  if (sys.lstat(dir, PROBE) !== null) sys.unlink(dir, PROBE);
  const fd = sys.createFile(dir, PROBE);
  let made: Stat;
  try {
    made = sys.fstat(fd);
  } finally {
    sys.close(fd);
    sys.unlink(dir, PROBE);
  }
  if (above.every((fd) => sys.fstat(fd).uid === made.uid)) return;
  throw fault(
    'root-foreign',
    `${shown}/${HIDDEN_DIR} belongs to another user than csyncd runs as`,
    'Move it away, or give it to that user: whoever owns it could change files on their way.',
  );
}

function refused(shown: string, error: unknown): CsyncdError {
  switch (codeOf(error)) {
    case 'EACCES':
    case 'EPERM':
      return fault(
        'root-no-permission',
        `no permission to write in ${shown}`,
        'Run csyncd as root, or give its user access.',
        error,
      );
    case 'EROFS':
      return fault('root-read-only', `${shown} is on a read-only file system`, 'Mount it writable.', error);
    case 'ENOSPC':
    case 'EDQUOT':
      return fault(
        'root-full',
        `no space is left below ${shown}`,
        'Free some space; csyncd goes on by itself.',
        error,
      );
    default:
      return fault(
        'root-unusable',
        `${shown} cannot be used: ${messageOf(error)}`,
        'See the system log.',
        error,
      );
  }
}

function fault(code: string, message: string, hint: string, cause?: unknown): CsyncdError {
  return new CsyncdError(code, message, { hint, cause });
}

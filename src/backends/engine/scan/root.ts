/** Whether a mapping's root is still the directory that it was: without it nothing may be judged as deleted. */
import { CsyncdError, codeOf } from '../../../util/errors.ts';
import { bytesToText } from '../../../util/bytes.ts';
import type { Fd, Sys } from '../../../sys/sys.ts';

/** The directory for temporaries and backups; its presence marks a root that csyncd has prepared. */
export const HIDDEN_DIR = '.csyncd';

/** The root as it was when the mapping was attached. */
export interface RootIdentity {
  /** absolute, a byte string */
  readonly path: string;
  readonly dev: bigint;
  readonly ino: bigint;
}

/** The root is unmounted, replaced or emptied: apply nothing, announce nothing, judge nothing as deleted. */
export class RootLost extends CsyncdError {
  constructor(path: string, why: string) {
    super('root-lost', `${bytesToText(path)}: ${why}`, {
      hint: 'mount or restore the directory; or csyncd approve takes the one that is there. Nothing counts as deleted meanwhile',
      data: { path: bytesToText(path) },
    });
  }
}

/** Throws RootLost unless descriptor and path both lead to the root as it was attached, with its marker in it. */
export function checkRoot(sys: Sys, rootFd: Fd, root: RootIdentity): void {
  const now = openAgain(sys, root);
  try {
    const stat = sys.fstat(now);
    if (stat.dev !== root.dev || stat.ino !== root.ino)
      throw new RootLost(root.path, 'the path leads to another directory than before');
    const marker = sys.lstat(rootFd, HIDDEN_DIR);
    if (marker?.kind !== 'dir') throw new RootLost(root.path, `the directory has lost its ${HIDDEN_DIR}`);
  } catch (error) {
    if (error instanceof RootLost) throw error;
    throw new RootLost(root.path, `the directory cannot be examined (${codeOf(error) ?? 'unknown'})`);
  } finally {
    sys.close(now);
  }
}

function openAgain(sys: Sys, root: RootIdentity): Fd {
  try {
    return sys.openRoot(root.path);
  } catch (error) {
    throw new RootLost(root.path, `the directory cannot be opened (${codeOf(error) ?? 'unknown'})`);
  }
}

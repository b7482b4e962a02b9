/**
 * A rename inside the mapping: the file itself goes to its new name. Nothing is written, not even its metadata: what is
 * not renamed after all (no room, a name that is taken, a kill) is the old file as it was, and no edit of anybody.
 */
import type { Fd } from '../../../sys/sys.ts';
import { codeOf } from '../../../util/errors.ts';
import { identityNow } from '../scan/identity.ts';
import { nameOf, parentOf } from '../scan/paths.ts';
import type { Change, Content, Outcome } from './change.ts';
import { lookAgain, moveToFree, placedIdentity } from './place.ts';
import { isUnwritten, type Site } from './site.ts';

export function move(site: Site, change: Change, from: Extract<Content, { kind: 'local' }>): Outcome {
  const { sys } = site;
  const target = site.parent(change.path, true);
  let source: Fd;
  let fd: Fd;
  try {
    source = site.parent(from.path, false);
    fd = sys.openFile(source, nameOf(from.path));
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ELOOP') return { kind: 'stale' };
    throw error;
  }
  try {
    const before = sys.fstat(fd);
    if (before.kind !== 'file' || identityNow(before) !== from.identity) return { kind: 'stale' };
    // RACE: what is renamed is what has the name now, not what the descriptor leads to. Looked at afterwards.
    if (!moveToFree(site, source, nameOf(from.path), target, nameOf(change.path))) return { kind: 'stale' };
    const caught = lookAgain(site, target, nameOf(change.path));
    if (caught !== null && caught.ino !== before.ino) {
      moveToFree(site, target, nameOf(change.path), source, nameOf(from.path));
      return { kind: 'stale' };
    }
    site.touched.add(parentOf(from.path));
    const identity = isUnwritten(before, sys.fstat(fd))
      ? placedIdentity(site, target, nameOf(change.path), before)
      : identityNow(before);
    return { kind: 'done', identity, backedUp: false };
  } finally {
    sys.close(fd);
  }
}

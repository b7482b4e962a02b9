/** A rename inside the mapping: the file itself goes to its new name, no content is written. */
import type { Fd } from '../../../sys/sys.ts';
import { codeOf } from '../../../util/errors.ts';
import type { Value } from '../core/types.ts';
import { identityNow } from '../scan/identity.ts';
import { nameOf, parentOf } from '../scan/paths.ts';
import { setAttributes } from './attributes.ts';
import type { Change, Content, Outcome } from './change.ts';
import { lookAgain, moveToFree, placedIdentity } from './place.ts';
import { isUnwritten, type Site } from './site.ts';

export function move(
  site: Site,
  change: Change,
  from: Extract<Content, { kind: 'local' }>,
  to: Extract<Value, { kind: 'file' }>,
): Outcome {
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
    const found = sys.fstat(fd);
    if (found.kind !== 'file' || identityNow(found) !== from.identity) return { kind: 'stale' };
    setAttributes(site, fd, found, to);
    if (found.mtimeNs !== to.mtimeNs) sys.futimes(fd, to.mtimeNs);
    const before = sys.fstat(fd);
    // RACE: what is renamed is what has the name now, not what the descriptor leads to. Looked at afterwards.
    if (!moveToFree(site, source, nameOf(from.path), target, nameOf(change.path))) return { kind: 'stale' };
    const caught = lookAgain(site, target, nameOf(change.path));
    if (caught !== null && caught.ino !== before.ino) {
      moveToFree(site, target, nameOf(change.path), source, nameOf(from.path));
      return { kind: 'stale' };
    }
    site.touched.add(parentOf(from.path));
    const unwritten = isUnwritten(before, sys.fstat(fd)) && found.size === before.size;
    const identity = unwritten
      ? placedIdentity(site, target, nameOf(change.path), before)
      : identityNow(before);
    return { kind: 'done', identity, backedUp: false };
  } finally {
    sys.close(fd);
  }
}

/**
 * A rename inside the mapping: the file itself goes to its new name. Nothing is written, not even its metadata: what is
 * not renamed after all (no room, a name that is taken, a kill) is the old file as it was, and no edit of anybody.
 */
import type { Fd, Stat } from '../../../sys/sys.ts';
import { codeOf } from '../../../util/errors.ts';
import { identityNow } from '../scan/identity.ts';
import { nameOf, parentOf } from '../scan/paths.ts';
import type { Change, Content, Outcome } from './change.ts';
import { identityAfter, lookAgain, moveToFree } from './place.ts';
import { isUnwritten, type Site } from './site.ts';

export function move(site: Site, change: Change, from: Extract<Content, { kind: 'local' }>): Outcome {
  const { sys } = site;
  const target = site.parent(change.path, true);
  let source: Fd;
  let before: Stat | null;
  try {
    source = site.parent(from.path, false);
    before = sys.lstat(source, nameOf(from.path));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { kind: 'stale' };
    throw error;
  }
  if (before?.kind !== 'file' || identityNow(before) !== from.identity) return { kind: 'stale' };
  // RACE: what is renamed is what has the name now, perhaps another than was looked at (with its number even), or written
  // to since. That goes back.
  if (!moveToFree(site, source, nameOf(from.path), target, nameOf(change.path))) return { kind: 'stale' };
  const clock = site.options.now();
  const caught = lookAgain(site, target, nameOf(change.path));
  if (caught !== null && !isUnwritten(before, caught)) {
    moveToFree(site, target, nameOf(change.path), source, nameOf(from.path));
    return { kind: 'stale' };
  }
  site.touched.add(parentOf(from.path));
  return { kind: 'done', identity: identityAfter(before, caught, clock), backedUp: false };
}

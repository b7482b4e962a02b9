/** Taking names away: what is removed becomes its own backup (replication.md 9.2). */
import { codeOf } from '../../../util/errors.ts';
import { identityNow } from '../scan/identity.ts';
import { nameOf } from '../scan/paths.ts';
import type { Change, Outcome } from './change.ts';
import { editIn, setApartIn } from './keep.ts';
import { believed, moveToFree, notEmpty } from './place.ts';
import { isUnwritten, STRAY_PREFIX, type Site } from './site.ts';

const GONE: Outcome = { kind: 'done', identity: null, backedUp: false };

export function remove(site: Site, change: Change): Outcome {
  try {
    return change.from?.kind === 'dir' ? removeDir(site, change) : removeName(site, change);
  } catch (error) {
    // Not there any more, or no way to it: what was wanted.
    if (codeOf(error) === 'ENOENT') return GONE;
    throw error;
  }
}

/** Only an empty one, never what is in it: names that csyncd does not know keep their directory. */
function removeDir(site: Site, change: Change): Outcome {
  const { sys } = site;
  const dir = site.parent(change.path, false);
  const name = nameOf(change.path);
  const before = sys.lstat(dir, name);
  if (before === null) return GONE;
  if (before.kind !== 'dir' || identityNow(before) !== change.expected) return { kind: 'stale' };
  site.replaced(change.path);
  try {
    sys.rmdir(dir, name);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return notEmpty();
    if (code === 'ENOTDIR') return { kind: 'stale' };
    throw error;
  }
  return GONE;
}

function removeName(site: Site, change: Change): Outcome {
  const { sys } = site;
  const dir = site.parent(change.path, false);
  const name = nameOf(change.path);
  const before = sys.lstat(dir, name);
  if (before === null) return GONE;
  if (before.kind === 'dir' || identityNow(before) !== change.expected) return { kind: 'stale' };
  const { backupId } = change;
  const aside =
    backupId === null ? { dir: site.tmpFd, name: site.temp() } : { dir: site.backupFd, name: backupId };
  sys.rename(dir, name, aside.dir, aside.name, 'replace');
  const caught = sys.lstat(aside.dir, aside.name);
  if (caught === null) return { kind: 'stale' };
  if (isUnwritten(before, caught)) {
    if (backupId !== null) {
      if (caught.nlink > 1) setApartIn(site, backupId);
      return { kind: 'done', identity: null, backedUp: true };
    }
    sys.unlink(aside.dir, aside.name);
    return GONE;
  }
  // RACE: between look and rename somebody wrote to it, or renamed their own file onto the name. It goes back.
  if (moveToFree(site, aside.dir, aside.name, dir, name)) return { kind: 'stale' };
  // By now there is yet another one: theirs from before stays in the backup, as an edit.
  if (backupId !== null && caught.nlink > 1) setApartIn(site, backupId);
  if (backupId !== null)
    return { kind: 'raced', identity: null, edit: editIn(site, backupId, believed(change)) };
  sys.rename(aside.dir, aside.name, site.backupFd, `${STRAY_PREFIX}${caught.ino}`, 'replace');
  return { kind: 'stale' };
}

/** Changes of owner, mode and time alone, by descriptor. */
import type { Fd } from '../../../sys/sys.ts';
import { codeOf } from '../../../util/errors.ts';
import type { Value } from '../core/types.ts';
import { identityFound, identityNow } from '../scan/identity.ts';
import { nameOf } from '../scan/paths.ts';
import { setAttributes } from './attributes.ts';
import type { Change, Outcome } from './change.ts';
import type { Site } from './site.ts';

export function changeMetadata(
  site: Site,
  change: Change,
  to: Extract<Value, { kind: 'file' | 'dir' }>,
  fsyncNow: boolean,
): Outcome {
  const { sys } = site;
  const dir = site.parent(change.path, false);
  const fd = openAs(site, to.kind, dir, nameOf(change.path));
  if (fd === null) return { kind: 'stale' };
  try {
    const before = sys.fstat(fd);
    if (identityNow(before) !== change.expected) return { kind: 'stale' };
    const now = site.options.now();
    setAttributes(site, fd, before, to);
    if (to.kind === 'file' && before.mtimeNs !== to.mtimeNs) {
      sys.futimes(fd, to.mtimeNs);
      // RACE: what somebody wrote between the look and this has lost its time. The identity is provisional, for the
      // change is of this clock tick, so the file is read again at the next look, which this very change causes.
      const after = sys.fstat(fd);
      const same = after.size === before.size && after.mtimeNs === to.mtimeNs;
      return {
        kind: 'done',
        identity: same ? identityFound(after, now) : identityNow(before),
        backedUp: false,
      };
    }
    const after = sys.fstat(fd);
    const same = to.kind === 'dir' || (after.size === before.size && after.mtimeNs === before.mtimeNs);
    // An identity from before equals none that can be found from now on: the next look reads what somebody wrote.
    return { kind: 'done', identity: identityNow(same ? after : before), backedUp: false };
  } finally {
    if (fsyncNow) sys.fsync(fd);
    sys.close(fd);
  }
}

function openAs(site: Site, kind: 'file' | 'dir', dir: Fd, name: string): Fd | null {
  try {
    return kind === 'dir' ? site.sys.openDir(dir, name) : site.sys.openFile(dir, name);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'EXDEV') return null;
    throw error;
  }
}

/** Changes of owner, mode and time alone, by descriptor. */
import { SysError, type Fd, type Stat } from '../../../sys/sys.ts';
import { codeOf, messageOf } from '../../../util/errors.ts';
import type { Identity, Value } from '../core/types.ts';
import { identityFound, identityNow } from '../scan/identity.ts';
import { metadataOf } from '../scan/owner.ts';
import { nameOf } from '../scan/paths.ts';
import { setAttributes } from './attributes.ts';
import type { Change, Outcome } from './change.ts';
import type { Site } from './site.ts';

type Target = Extract<Value, { kind: 'file' | 'dir' }>;

export function changeMetadata(site: Site, change: Change, to: Target, fsyncNow: boolean): Outcome {
  const { sys } = site;
  const dir = site.parent(change.path, false);
  const fd = openAs(site, to.kind, dir, nameOf(change.path));
  if (fd === null) return { kind: 'stale' };
  try {
    const before = sys.fstat(fd);
    if (identityNow(before) !== change.expected) return { kind: 'stale' };
    const outcome = setAll(site, change, to, fd, before);
    if (fsyncNow && outcome.kind === 'done') sys.fsync(fd);
    return outcome;
  } finally {
    sys.close(fd);
  }
}

function setAll(site: Site, change: Change, to: Target, fd: Fd, before: Stat): Outcome {
  const { sys } = site;
  const now = site.options.now();
  const isTimed = to.kind === 'file' && before.mtimeNs !== to.mtimeNs;
  try {
    setAttributes(site, fd, before, to);
    if (isTimed) sys.futimes(fd, to.mtimeNs);
  } catch (error) {
    return halfDone(site, change, fd, before, error);
  }
  const after = sys.fstat(fd);
  if (!isTimed) return { kind: 'done', identity: unlessWritten(before, after), backedUp: false };
  // RACE: what somebody wrote between the look and this has lost its time. The identity is provisional, for the
  // change is of this clock tick, so the file is read again at the next look, which this very change causes.
  const same = after.size === before.size && after.mtimeNs === to.mtimeNs;
  return { kind: 'done', identity: same ? identityFound(after, now) : identityNow(before), backedUp: false };
}

/** What failed has left some of it behind, which the next look must not take for somebody's edit. */
function halfDone(site: Site, { from, expected }: Change, fd: Fd, before: Stat, error: unknown): Outcome {
  const after = site.sys.fstat(fd);
  const isTouched = after.mode !== before.mode || after.uid !== before.uid || after.gid !== before.gid;
  if (!(error instanceof SysError) || from === null || !isTouched) throw error;
  const value = { ...from, ...metadataOf(site.options, after, { value: from, identity: expected }) };
  const left = { value, identity: unlessWritten(before, after) };
  return { kind: 'failed', code: error.code, message: messageOf(error), left };
}

/** An identity from before equals none that can be found from now on: the next look reads what somebody wrote. */
function unlessWritten(before: Stat, after: Stat): Identity {
  const same = after.kind === 'dir' || (after.size === before.size && after.mtimeNs === before.mtimeNs);
  return identityNow(same ? after : before);
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

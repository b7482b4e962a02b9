/** Builds what shall be placed in `.csyncd/tmp`, complete: content, owner, mode and time (I9). */
import { createHash, hash } from 'node:crypto';
import type { Fd, Stat, Sys } from '../../../sys/sys.ts';
import { assertNever, codeOf } from '../../../util/errors.ts';
import type { Identity, Value } from '../core/types.ts';
import { identityNow } from '../scan/identity.ts';
import { fill } from '../scan/read.ts';
import { setAttributes, setAttributesAt } from './attributes.ts';
import type { Change, Outcome } from './change.ts';
import { STRAY_PREFIX, type Site } from './site.ts';

/** A complete object in `.csyncd/tmp`. */
export interface Staged {
  readonly kind: 'staged';
  readonly name: string;
  readonly stat: Stat;
  /** made by content transfer: kept when it could not be placed, so that it need not be fetched again */
  readonly fetched: boolean;
}

type FileValue = Extract<Value, { kind: 'file' }>;

const CHUNK = 1024 * 1024;
let chunk: Uint8Array | null = null;

/** `fsyncNow`: flush the file at once, instead of the whole file system after all of them. Throws SysError. */
export function stage(site: Site, change: Change, fsyncNow: boolean): Staged | Outcome {
  const { content } = change;
  const name = content.kind === 'staged' ? content.name : site.temp();
  let made: Staged | Outcome;
  try {
    made = build(site, change, name, fsyncNow);
  } catch (error) {
    if (content.kind !== 'staged') discard(site, name);
    throw error;
  }
  if (made.kind !== 'staged' && (content.kind !== 'staged' || made.kind === 'corrupt')) discard(site, name);
  return made;
}

/** Removes a temporary, if it is there. */
export function discard(site: Site, name: string): void {
  const { sys, tmpFd } = site;
  try {
    if (sys.lstat(tmpFd, name)?.kind === 'dir') sys.rmdir(tmpFd, name);
    else sys.unlink(tmpFd, name);
  } catch {
    // Not there, or the disk is failing: recovery removes what is left.
  }
}

/**
 * What could not be placed. RACE: when a name was exchanged and the rest failed, the temporary is what somebody had
 * there: it is kept.
 */
export function discardStaged(site: Site, staged: Staged): void {
  const { sys, tmpFd, backupFd } = site;
  const found = sys.lstat(tmpFd, staged.name);
  if (found === null) return;
  if (found.ino !== staged.stat.ino)
    sys.rename(tmpFd, staged.name, backupFd, `${STRAY_PREFIX}${found.ino}`, 'replace');
  else if (!staged.fetched) discard(site, staged.name);
}

function build(site: Site, change: Change, name: string, fsyncNow: boolean): Staged | Outcome {
  const { to, content } = change;
  switch (to.kind) {
    case 'file':
      return content.kind === 'staged'
        ? completeFetched(site, to, content, fsyncNow)
        : buildFile(site, to, content, name, fsyncNow);
    case 'dir':
      return buildDir(site, to, name);
    case 'symlink':
      makeTemp(site, name, () => site.sys.symlink(to.target, site.tmpFd, name));
      return completeByName(site, to, name);
    case 'fifo':
      makeTemp(site, name, () => site.sys.mkfifo(site.tmpFd, name, 0o600));
      return completeByName(site, to, name);
    case 'absent':
      return { kind: 'stale' };
    default:
      return assertNever(to);
  }
}

/** A name that is taken was left by a batch that was killed. */
function makeTemp<T>(site: Site, name: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    discard(site, name);
    return make();
  }
}

function buildFile(
  site: Site,
  to: FileValue,
  content: Change['content'],
  name: string,
  fsyncNow: boolean,
): Staged | Outcome {
  const { sys, tmpFd } = site;
  if (content.kind === 'inline' && hash('sha256', content.bytes, 'hex') !== to.sha256)
    return { kind: 'corrupt' };
  const fd = makeTemp(site, name, () => sys.createFile(tmpFd, name));
  try {
    if (content.kind === 'inline') sys.write(fd, content.bytes, 0);
    // A backup that is not what it is listed as is no look's business: the content is to be had elsewhere.
    else if (!copyInto(site, fd, to, content))
      return { kind: content.kind === 'backup' ? 'corrupt' : 'stale' };
    return completeFile(site, fd, to, { name, fetched: false }, fsyncNow);
  } finally {
    sys.close(fd);
  }
}

/** Copies from another path or a backup; false when what is there is not the wanted content. */
function copyInto(site: Site, fd: Fd, to: FileValue, content: Change['content']): boolean {
  const { sys } = site;
  const from = openSource(site, content);
  if (from === null) return false;
  try {
    if (from.expected !== null && identityNow(sys.fstat(from.fd)) !== from.expected) return false;
    return copy(site.sys, from.fd, fd) === to.sha256;
  } finally {
    sys.close(from.fd);
  }
}

function openSource(site: Site, content: Change['content']): { fd: Fd; expected: Identity | null } | null {
  const { sys, rootFd, backupFd } = site;
  try {
    if (content.kind === 'local')
      return { fd: sys.openFile(rootFd, content.path), expected: content.identity };
    if (content.kind === 'backup') return { fd: sys.openFile(backupFd, content.id), expected: null };
    return null;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'EXDEV') return null;
    throw error;
  }
}

/** Copies a file's bytes; returns their SHA-256. */
export function copy(sys: Sys, from: Fd, to: Fd): string {
  chunk ??= new Uint8Array(CHUNK);
  const digest = createHash('sha256');
  for (let position = 0; ;) {
    const length = fill(sys, from, chunk, position);
    const bytes = chunk.subarray(0, length);
    if (length > 0) sys.write(to, bytes, position);
    digest.update(bytes);
    position += length;
    if (length < CHUNK) return digest.digest('hex');
  }
}

function completeFetched(
  site: Site,
  to: FileValue,
  content: Extract<Change['content'], { kind: 'staged' }>,
  fsyncNow: boolean,
): Staged | Outcome {
  const { sys, tmpFd } = site;
  let fd: Fd;
  try {
    fd = sys.openFile(tmpFd, content.name);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { kind: 'corrupt' };
    throw error;
  }
  try {
    if (sys.fstat(fd).size !== to.size) return { kind: 'corrupt' };
    if (!content.verified && digestOf(site, fd) !== to.sha256) return { kind: 'corrupt' };
    return completeFile(site, fd, to, { name: content.name, fetched: true }, fsyncNow);
  } finally {
    sys.close(fd);
  }
}

function digestOf(site: Site, fd: Fd): string {
  chunk ??= new Uint8Array(CHUNK);
  const digest = createHash('sha256');
  for (let position = 0; ;) {
    const length = fill(site.sys, fd, chunk, position);
    digest.update(chunk.subarray(0, length));
    position += length;
    if (length < CHUNK) return digest.digest('hex');
  }
}

function completeFile(
  site: Site,
  fd: Fd,
  to: FileValue,
  made: { readonly name: string; readonly fetched: boolean },
  fsyncNow: boolean,
): Staged {
  const { sys } = site;
  setAttributes(site, fd, sys.fstat(fd), to);
  sys.futimes(fd, to.mtimeNs);
  if (fsyncNow) sys.fsync(fd);
  return { kind: 'staged', ...made, stat: sys.fstat(fd) };
}

function buildDir(site: Site, to: Extract<Value, { kind: 'dir' }>, name: string): Staged {
  const { sys, tmpFd } = site;
  makeTemp(site, name, () => sys.mkdir(tmpFd, name, 0o700));
  const fd = sys.openDir(tmpFd, name);
  try {
    setAttributes(site, fd, sys.fstat(fd), to);
    return { kind: 'staged', name, stat: sys.fstat(fd), fetched: false };
  } finally {
    sys.close(fd);
  }
}

function completeByName(
  site: Site,
  to: Extract<Value, { kind: 'symlink' | 'fifo' }>,
  name: string,
): Staged | Outcome {
  const { sys, tmpFd } = site;
  const made = sys.lstat(tmpFd, name);
  if (made === null) return { kind: 'stale' };
  setAttributesAt(site, name, made, to);
  const stat = sys.lstat(tmpFd, name);
  return stat === null ? { kind: 'stale' } : { kind: 'staged', name, stat, fetched: false };
}

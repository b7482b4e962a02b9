/**
 * A stat's identity as text: equal text means that nothing has touched the name since. ctime is in it, because mtime and
 * size can be put back (`cp -p`, `touch -r`, package tools) and ctime cannot.
 *
 * `dev:ino:size:mtimeNs:ctimeNs:mode:uid:gid:kind`, numbers in hexadecimal, kind by its first letter; a provisional one
 * ends in `~` and the moment it was taken. The text is kept in databases: a change of the format makes every file be
 * read again.
 */
import type { FileKind, Stat } from './sys.ts';

/** Two ticks of the slowest clock in use (HZ=100) that file systems stamp times with. */
const RACY_NS = 20_000_000n;
const SECOND = 1_000_000_000n;
/** Some file systems count in seconds (ext4 with small inodes, NFSv2), FAT in two of them. */
const COARSE_NS = 2n * SECOND;

export interface IdentityParts {
  readonly kind: FileKind;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly dev: bigint;
  readonly ino: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  /** See identityAt. */
  readonly provisional: boolean;
}

const LETTERS: Readonly<Record<FileKind, string>> = {
  file: 'f',
  dir: 'd',
  symlink: 'l',
  fifo: 'p',
  other: 'o',
};
const KINDS = new Map<string, FileKind>(
  Object.entries(LETTERS).map(([kind, letter]) => [letter, kind as FileKind]),
);

/** What a later look is compared with what is remembered by. Never equal to a provisional identity. */
export function identityOf(stat: Stat): string {
  const { dev, ino, size, mtimeNs, ctimeNs, mode, uid, gid } = stat;
  const inode = `${dev.toString(16)}:${ino.toString(16)}`;
  const content = `${size.toString(16)}:${mtimeNs.toString(16)}:${ctimeNs.toString(16)}`;
  return `${inode}:${content}:${mode.toString(16)}:${uid.toString(16)}:${gid.toString(16)}:${LETTERS[stat.kind]}`;
}

/**
 * What is remembered after content was read or written: provisional when the file changed within two clock ticks of
 * `nowNs`, for then a later write can leave the same times and size (git's racy-clean rule). A provisional identity
 * equals no later one, so the file is read again.
 *
 * @param nowNs wall clock, ns since 1970, taken before the stat (the earlier, the safer)
 */
export function identityAt(stat: Stat, nowNs: bigint): string {
  const identity = identityOf(stat);
  const tickNs = stat.mtimeNs % SECOND === 0n && stat.ctimeNs % SECOND === 0n ? COARSE_NS : 0n;
  return isNear(stat.mtimeNs, nowNs, tickNs) || isNear(stat.ctimeNs, nowNs, tickNs)
    ? `${identity}~${nowNs.toString(16)}`
    : identity;
}

function isNear(time: bigint, now: bigint, tickNs: bigint): boolean {
  const apart = now - time;
  return apart <= tickNs + RACY_NS && apart >= -RACY_NS;
}

const NUMBER = '(-?[0-9a-f]+)';
const PATTERN = new RegExp(`^${Array.from({ length: 8 }, () => NUMBER).join(':')}:([fdlpo])(~-?[0-9a-f]+)?$`);

/** null when the text is no identity. */
export function parseIdentity(identity: string): IdentityParts | null {
  const found = PATTERN.exec(identity);
  if (found === null) return null;
  const [
    ,
    dev = '',
    ino = '',
    size = '',
    mtime = '',
    ctime = '',
    mode = '',
    uid = '',
    gid = '',
    letter = '',
  ] = found;
  const kind = KINDS.get(letter);
  if (kind === undefined) return null;
  return {
    kind,
    mode: Number.parseInt(mode, 16),
    uid: Number.parseInt(uid, 16),
    gid: Number.parseInt(gid, 16),
    size: Number.parseInt(size, 16),
    dev: bigOf(dev),
    ino: bigOf(ino),
    mtimeNs: bigOf(mtime),
    ctimeNs: bigOf(ctime),
    provisional: found[10] !== undefined,
  };
}

/** `dev:ino`: the same file under whatever name, as long as it lives. */
export function inodeOf(identity: string): string {
  return identity.slice(0, identity.indexOf(':', identity.indexOf(':') + 1));
}

export function sameInode(a: string, b: string): boolean {
  return inodeOf(a) === inodeOf(b);
}

/** null when the text is no identity. */
export function ownerOf(identity: string): { readonly uid: number; readonly gid: number } | null {
  const parts = parseIdentity(identity);
  return parts === null ? null : { uid: parts.uid, gid: parts.gid };
}

function bigOf(hex: string): bigint {
  return hex.startsWith('-') ? -BigInt(`0x${hex.slice(1)}`) : BigInt(`0x${hex}`);
}

/**
 * csync2's text of what is at a path ("checktxt", version 1): what its check compares, and all that it compares. In the
 * form in which the database holds it: encoded as a whole, so that a symlink's target is encoded twice.
 */
import type { FileKind, Stat } from '../../sys/sys.ts';
import { encode } from './encoding.ts';

/** csync2's `ignore` statement, and whether the mapping's csync2 name is a `%prefix%`. */
export interface CheckRules {
  readonly ignoreUid: boolean;
  readonly ignoreGid: boolean;
  readonly ignoreMode: boolean;
  /** csync2 reads no symlink's target below a prefix */
  readonly isPrefixed: boolean;
}

/** What Stat does not tell of a device or a socket. */
export interface Special {
  /** st_mode, with the type */
  readonly mode: number;
  readonly rdev: bigint;
}

const TYPE_BITS: Readonly<Record<Exclude<FileKind, 'other'>, number>> = {
  file: 0o100000,
  dir: 0o040000,
  symlink: 0o120000,
  fifo: 0o010000,
};
const S_IFMT = 0o170000;
const SPECIAL_TYPES: Readonly<Record<number, string>> = {
  0o020000: 'chr',
  0o060000: 'blk',
  0o140000: 'sock',
};
const SECOND = 1_000_000_000n;
const COLON = '%3A';

/**
 * @param more of a symlink its target (any below a prefix), of what is kind `other` the rest of its stat
 */
export function checktxt(stat: Stat, more: string | Special | null, rules: CheckRules): string {
  const special = typeof more === 'object' ? more : null;
  const mode = stat.kind === 'other' ? (special?.mode ?? stat.mode) : TYPE_BITS[stat.kind] | stat.mode;
  let text = 'v1';
  if (stat.kind !== 'symlink' && stat.kind !== 'dir') text += `${COLON}mtime=${seconds(stat.mtimeNs)}`;
  if (!rules.ignoreMode) text += `${COLON}mode=${mode}`;
  // csync2 prints both, and a device's number, as int.
  if (!rules.ignoreUid) text += `${COLON}uid=${stat.uid | 0}`;
  if (!rules.ignoreGid) text += `${COLON}gid=${stat.gid | 0}`;
  return `${text}${COLON}type=${typeOf(stat, more, mode, rules)}`;
}

function typeOf(stat: Stat, more: string | Special | null, mode: number, rules: CheckRules): string {
  switch (stat.kind) {
    case 'file':
      return `reg${COLON}size=${stat.size}`;
    case 'dir':
      return 'dir';
    case 'fifo':
      return 'fifo';
    case 'symlink':
      return `lnk${COLON}target=${typeof more === 'string' && !rules.isPrefixed ? encode(encode(more)) : ''}`;
    case 'other': {
      const type = SPECIAL_TYPES[mode & S_IFMT] ?? 'sock';
      if (type === 'sock' || more === null || typeof more === 'string') return type;
      return `${type}${COLON}dev=${BigInt.asIntN(32, more.rdev)}`;
    }
  }
}

function seconds(ns: bigint): bigint {
  return (ns - (((ns % SECOND) + SECOND) % SECOND)) / SECOND;
}

/** A number in a decoded text; 0 where it has none, such as the mtime of directories and symlinks. */
export function numberIn(text: string, name: 'mtime' | 'size' | 'mode'): number {
  return Number(new RegExp(`:${name}=(\\d+)`).exec(text)?.[1] ?? 0);
}

export type CheckedKind = 'file' | 'dir' | 'other';

/** What a stored text says was there. */
export function kindOf(text: string): CheckedKind {
  if (text.endsWith(`${COLON}type=dir`)) return 'dir';
  return text.includes(`${COLON}type=reg${COLON}`) ? 'file' : 'other';
}

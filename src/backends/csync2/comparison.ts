/** One look: what is on the disk against what csync2 has recorded, and what came of it so far. */
import { Buffer } from 'node:buffer';
import { lstatSync } from 'node:fs';
import { SysError, type Fd, type Stat, type Sys } from '../../sys/sys.ts';
import { codeOf, messageOf } from '../../util/errors.ts';
import type { Selection } from '../../util/selection.ts';
import type { DirtyPath } from '../backend.ts';
import { checktxt, kindOf, type CheckedKind, type CheckRules, type Special } from './checktxt.ts';
import { decode } from './encoding.ts';
import { baseOf } from './paths.ts';
import type { Slices } from './slices.ts';
import type { FileRow, Table } from './table.ts';
import type { UnseenEdit, YoungFiles } from './young-files.ts';

/** A mapping as a look sees it. */
export interface Tree {
  readonly sys: Sys;
  /** absolute, a byte string */
  readonly rootPath: string;
  /** what the root must be; null: whatever is there when the look begins */
  readonly root: Pick<Stat, 'dev' | 'ino'> | null;
  /** csync2's name of the root, `/path` or `%prefix%` */
  readonly rootName: string;
  readonly selection: Pick<Selection, 'selects' | 'enters'>;
  readonly rules: CheckRules;
  readonly table: Table;
  readonly young: YoungFiles;
}

/** A path on the way is not there, or is no directory (any more). */
export const NO_WAY: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EXDEV']);

/** What is at a path, and csync2's text of it. */
export interface Found {
  readonly stat: Stat;
  readonly text: string;
}

/** What the disk and the table have of a path, where they differ; null = nothing. */
export interface Candidate {
  readonly path: string;
  readonly found: Found | null;
  readonly recorded: string | null;
}

export interface LookError {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

export class Comparison {
  readonly tree: Tree;
  readonly rootFd: Fd;
  readonly slices: Slices;
  readonly candidates = new Map<string, Candidate>();
  readonly unseen = new Map<string, UnseenEdit & { readonly ctimeNs: bigint }>();
  readonly again = new Map<string, DirtyPath>();
  readonly errors = new Map<string, LookError>();

  constructor(tree: Tree, rootFd: Fd, slices: Slices) {
    this.tree = tree;
    this.rootFd = rootFd;
    this.slices = slices;
  }

  nameOf(path: string): string {
    const { rootName } = this.tree;
    if (path === '') return rootName;
    return rootName === '/' ? `/${path}` : `${rootName}/${path}`;
  }

  /** The path of a key below the root's name. */
  pathOf(key: string): string {
    const { rootName } = this.tree;
    return decode(key).slice(rootName === '/' ? 1 : rootName.length + 1);
  }

  compare(path: string, found: Found, recorded: string | null): void {
    const { stat, text } = found;
    if (!this.tree.selection.selects(path, stat.kind === 'dir')) return;
    if (text !== recorded) this.candidates.set(path, { path, found, recorded });
    if (stat.kind !== 'file') return;
    const edit = this.tree.young.take(path, stat, text === recorded);
    if (edit !== null) this.unseen.set(path, { ...edit, ctimeNs: stat.ctimeNs });
  }

  /** With csync2's text; null when that could not be told: it is looked at again, or an error. */
  foundAt(dirFd: Fd, path: string, stat: Stat): Found | null {
    const { sys, rules } = this.tree;
    const readsTarget = stat.kind === 'symlink' && !rules.isPrefixed;
    try {
      const target = readsTarget ? sys.readlink(dirFd, baseOf(path)) : null;
      const more = stat.kind === 'other' ? specialAt(dirFd, path) : target;
      return { stat, text: checktxt(stat, more, rules) };
    } catch (error) {
      this.failed(path, 'entry', error);
      return null;
    }
  }

  /** Whether a directory would be one that csync2 has not recorded, so that nothing is known of its content either. */
  isNewDirectory(path: string, recorded: string | null): boolean {
    const isKnown = recorded !== null && kindOf(recorded) === 'dir';
    return !isKnown && this.tree.selection.selects(path, true);
  }

  /** A row of which nothing is on the disk. What the rules do not select (any more) is nobody's deletion. */
  gone({ key, text }: FileRow): void {
    this.goneAt(this.pathOf(key), text);
  }

  goneAt(path: string, recorded: string): void {
    if (!this.tree.selection.selects(path, kindOf(recorded) === 'dir')) return;
    this.candidates.set(path, { path, found: null, recorded });
  }

  /** It could not be looked at. What only went away meanwhile is no error. */
  failed(path: string, scope: DirtyPath['scope'], error: unknown): void {
    const code = systemCode(error);
    if (code === null) throw error;
    this.again.set(path, { path, scope });
    // EINVAL: no longer a symlink.
    if (!NO_WAY.has(code) && code !== 'EINVAL')
      this.errors.set(path, { path, code, message: messageOf(error) });
  }
}

/** The errno name of a failed system call, else null. */
export function systemCode(error: unknown): string | null {
  return error instanceof Error && 'syscall' in error ? codeOf(error) : null;
}

export function kindOfStat(stat: Stat): CheckedKind {
  return stat.kind === 'file' || stat.kind === 'dir' ? stat.kind : 'other';
}

function specialAt(fd: Fd, path: string): Special {
  const place = Buffer.from(`/proc/self/fd/${fd}/${baseOf(path)}`, 'latin1');
  const stat = lstatSync(place, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) throw new SysError('ENOENT', 'lstat', path);
  return { mode: Number(stat.mode), rdev: stat.rdev };
}

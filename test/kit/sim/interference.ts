/** What gets in between the system calls of the engine on one node: others' edits, the end of the process, bad sectors. */
import { SysError } from '../../../src/sys/sys.ts';
import type { Inode } from './disk.ts';

const READS = new Set(['openDir', 'openFile', 'list', 'listStat', 'read', 'lstat', 'readlink']);

/** A system call of the engine: the n-th from now on, of this kind and with this name (null = any); 0 = at once. */
export interface Moment {
  readonly calls: number;
  readonly call: string | null;
  readonly name: string | null;
}

export class Interference {
  private armed: (Moment & { left: number; readonly run: () => void })[] = [];
  private readonly broken = new Map<string, string | null>();

  /** Something happens just before the engine's n-th such system call from now on. */
  arm(moment: Moment, run: () => void): void {
    if (moment.calls === 0) run();
    else this.armed.push({ ...moment, left: moment.calls, run });
  }

  /** What still waits for a system call. */
  disarm(): (() => void)[] {
    return this.armed.splice(0).map(({ run }) => run);
  }

  /** Calls that read this path fail, or those of one kind. */
  breakPath(path: string, call: string | null): void {
    this.broken.set(path, call);
  }

  mend(): void {
    this.broken.clear();
  }

  /** Throws what the call fails with, or what ends the process. */
  before(call: string, inode: Inode | null, name: string): void {
    for (const armed of this.armed) {
      const isSuch = (armed.call ?? call) === call && (armed.name ?? name) === name;
      if (isSuch) armed.left--;
    }
    const due = this.armed.filter(({ left }) => left <= 0);
    if (due.length > 0) this.armed = this.armed.filter(({ left }) => left > 0);
    for (const { run } of due) run();
    if (this.broken.size === 0 || inode === null || !READS.has(call)) return;
    const path = [pathOf(inode), name].filter((part) => part !== '').join('/');
    const broken = this.broken.get(path);
    if (broken !== undefined && call.startsWith(broken ?? '')) throw new SysError('EIO', call, path);
  }
}

function pathOf(inode: Inode): string {
  let path = '';
  for (let at: Inode | null = inode; at !== null && at.parent !== at; at = at.parent) {
    path = path === '' ? at.name : `${at.name}/${path}`;
  }
  return path;
}

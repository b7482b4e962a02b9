/** What the kernel refuses to rename. */
import type { RenameMode } from '../../../src/sys/sys.ts';
import { SysError } from '../../../src/sys/sys.ts';
import type { Inode } from './disk.ts';

interface Rename {
  readonly source: Inode;
  readonly inode: Inode;
  readonly target: Inode;
  /** what has the new name now */
  readonly there: Inode | undefined;
  readonly name: string;
}

export function checkRename({ source, inode, target, there, name }: Rename, mode: RenameMode): void {
  const refuse = (code: string): never => {
    throw new SysError(code, 'rename', name);
  };
  if (there !== undefined && mode === 'noreplace') refuse('EEXIST');
  if (there === undefined && mode === 'exchange') refuse('ENOENT');
  if (inode.kind === 'dir' && isBelow(target, inode)) refuse('EINVAL');
  if (there === undefined || there === inode) return;
  if (there.kind === 'dir' && isBelow(source, there)) refuse(mode === 'exchange' ? 'EINVAL' : 'ENOTEMPTY');
  if (mode !== 'replace') return;
  if (inode.kind === 'dir' && there.kind !== 'dir') refuse('ENOTDIR');
  if (inode.kind !== 'dir' && there.kind === 'dir') refuse('EISDIR');
  if (there.kind === 'dir' && there.entries.size > 0) refuse('ENOTEMPTY');
}

function isBelow(dir: Inode, ancestor: Inode): boolean {
  for (let at: Inode | null = dir; at !== null; at = at.parent === at ? null : at.parent) {
    if (at === ancestor) return true;
  }
  return false;
}

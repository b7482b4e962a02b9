import type { Inode } from './disk.ts';

/** Copies a directory with all that is in it; hard links stay links. */
export function copyDir(dir: Inode, copies: Map<Inode, Inode>): Inode {
  const copy: Inode = { ...dir, entries: new Map<string, Inode>(), opens: 0 };
  for (const [name, inode] of dir.entries) {
    const known = copies.get(inode);
    const made =
      known ??
      (inode.kind === 'dir' ? copyDir(inode, copies) : { ...inode, data: inode.data.slice(), opens: 0 });
    if (known === undefined) copies.set(inode, made);
    made.parent = copy;
    copy.entries.set(name, made);
  }
  return copy;
}

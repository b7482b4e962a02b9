/** What is on a disk, read by nothing that csyncd uses: the judge's own eyes. */
import { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';
import type { Disk, Inode } from './disk.ts';

export interface Entry {
  readonly kind: Inode['kind'];
  /** a file's content, a symlink's target */
  readonly text: string;
  readonly mode: number;
  readonly owner: string;
  readonly mtimeNs: bigint;
}

/** By path, in byte order. */
export type Tree = ReadonlyMap<string, Entry>;

const OWN = '.csyncd';
const decoder = new TextDecoder('latin1');

/** What users see. */
export function treeOf(disk: Disk): Tree {
  const tree = new Map<string, Entry>();
  collect(disk.root, '', tree, disk.root.entries.has(OWN) ? OWN : null);
  return tree;
}

/** Contents of csyncd's own folder, by their path in it. */
export function ownTreeOf(disk: Disk): Tree {
  const tree = new Map<string, Entry>();
  const own = disk.root.entries.get(OWN);
  if (own !== undefined) collect(own, '', tree, null);
  return tree;
}

/** Every content on the disk that can be had, backups included, temporaries not. */
export function textsOn(disk: Disk): Set<string> {
  const texts = new Set<string>();
  disk.walk((inode, path) => {
    if (!path.startsWith(`${OWN}/tmp/`)) texts.add(textOf(inode));
  });
  return texts;
}

export function textOf(inode: Inode): string {
  if (inode.kind === 'symlink') return inode.target;
  return inode.kind === 'file' ? textOfBytes(inode.data.subarray(0, inode.size)) : '';
}

export function textOfBytes(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

function collect(dir: Inode, prefix: string, tree: Map<string, Entry>, skip: string | null): void {
  for (const name of [...dir.entries.keys()].sort()) {
    const inode = dir.entries.get(name);
    if (inode === undefined || name === skip) continue;
    tree.set(prefix + name, {
      kind: inode.kind,
      text: textOf(inode),
      mode: inode.mode,
      owner: `${inode.uid}:${inode.gid}`,
      mtimeNs: inode.mtimeNs,
    });
    if (inode.kind === 'dir') collect(inode, `${prefix}${name}/`, tree, null);
  }
}

const hashes = new Map<string, string>();

/** Of a content, as values carry it. */
export function sha256Of(text: string): string {
  let sha256 = hashes.get(text);
  if (sha256 === undefined) hashes.set(text, (sha256 = hash('sha256', Buffer.from(text, 'latin1'), 'hex')));
  return sha256;
}

/** Equal in all that csyncd carries: directories carry no time, symlinks no mode. */
export function sameEntry(a: Entry, b: Entry): boolean {
  return (
    a.kind === b.kind &&
    a.text === b.text &&
    (a.kind === 'symlink' || a.mode === b.mode) &&
    a.owner === b.owner &&
    (a.kind === 'dir' || a.mtimeNs === b.mtimeNs)
  );
}

/** Paths at which two trees differ, in byte order. */
export function changed(a: Tree, b: Tree): string[] {
  return [...new Set([...a.keys(), ...b.keys()])].sort().filter((path) => {
    const [one, two] = [a.get(path), b.get(path)];
    return one === undefined || two === undefined || !sameEntry(one, two);
  });
}

/** The first path at which two trees differ, told for a person; null when they are equal. */
export function difference(a: Tree, b: Tree): string | null {
  const path = changed(a, b)[0];
  return path === undefined ? null : `${path}: ${describe(a.get(path))} | ${describe(b.get(path))}`;
}

function describe(entry: Entry | undefined): string {
  if (entry === undefined) return 'nothing';
  const { kind, text, mode, owner, mtimeNs } = entry;
  return `${kind} ${JSON.stringify(text)} ${mode.toString(8)} ${owner} ${mtimeNs}`;
}

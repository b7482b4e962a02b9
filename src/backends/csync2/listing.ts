/** A directory's names with what they are, in the order in which the table holds them. */
import { opendir } from 'node:fs/promises';
import { SysError, type Fd, type Stat } from '../../sys/sys.ts';
import type { Comparison, Found } from './comparison.ts';
import { encode } from './encoding.ts';
import { join } from './paths.ts';

/** Bytes of a directory file from which on its names are not listed in one go. */
const LARGE = 96 * 1024;
const READ_AHEAD = 500;

/** `found` null: it is there, but cannot be examined. */
export interface Entry {
  readonly path: string;
  readonly found: Found | null;
}

/** An entry, or (`descends`) all that is below it, at its place among the keys. */
export interface Item {
  readonly key: string;
  readonly entry: Entry;
  readonly descends: boolean;
}

/**
 * Sorted by key: `a`, `a-b`, `a/`, `a0`. So the rows of the table come along in the same order. Only what the rules
 * select, or enter. Throws what opening or reading the directory throws.
 */
export async function listItems(
  comparison: Comparison,
  fd: Fd,
  dir: string,
  dirKey: string,
): Promise<Item[]> {
  const { selection } = comparison.tree;
  const items: Item[] = [];
  const add = (name: string, stat: Stat | null): void => {
    const path = join(dir, name);
    const isDir = stat?.kind === 'dir';
    const enters = stat === null || (isDir && selection.enters(path));
    if (!enters && !selection.selects(path, isDir)) return;
    const key = `${dirKey}/${encode(name)}`;
    const found = stat === null ? null : comparison.textOf(fd, path, stat);
    const entry = { path, found };
    items.push({ key, entry, descends: false });
    if (enters) items.push({ key: `${key}/`, entry, descends: true });
  };
  await listEach(comparison, fd, dir, add);
  return comparison.slices.sort(items);
}

async function listEach(
  comparison: Comparison,
  fd: Fd,
  dir: string,
  add: (name: string, stat: Stat | null) => void,
): Promise<void> {
  const { sys } = comparison.tree;
  const isLarge = sys.fstat(fd).size > LARGE;
  if (!isLarge) {
    try {
      for (const { name, stat } of sys.listStat(fd)) add(name, stat);
      return;
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
    }
  }
  // One that cannot be examined (a damaged inode) must not hide the others.
  for await (const name of isLarge ? namesOf(fd) : sys.list(fd).map((entry) => entry.name)) {
    try {
      const stat = sys.lstat(fd, name);
      if (stat !== null) add(name, stat);
    } catch (error) {
      const path = join(dir, name);
      comparison.failed(path, 'subtree', error);
      add(name, null);
    }
    if (comparison.slices.isOver) await comparison.slices.rest();
  }
}

async function* namesOf(fd: Fd): AsyncGenerator<string> {
  const directory = await opendir(`/proc/self/fd/${fd}`, { encoding: 'latin1', bufferSize: READ_AHEAD });
  for await (const { name } of directory) yield name;
}

/** A directory's names with what they are, in the order in which the table holds them. */
import { opendir } from 'node:fs/promises';
import { SysError, type Fd, type Stat } from '../../sys/sys.ts';
import type { Comparison, Found } from './comparison.ts';
import { encode } from './encoding.ts';
import { join } from './paths.ts';

/** Bytes of a directory file from which on its names are not listed, and looked at, in one go. */
const LARGE = 96 * 1024;
const READ_AHEAD = 500;

/** A name, or (`descends`) all that is below it, at its place among the keys. */
export interface Item {
  readonly key: string;
  readonly descends: boolean;
  /** `later`: not looked at yet; null: it is there, but cannot be examined */
  readonly found: Found | 'later' | null;
}

/**
 * Sorted by key: `a`, `a-b`, `a/`, `a0`. So the rows of the table come along in the same order. Only what the rules
 * select, or enter. Throws what reading the directory throws.
 */
export async function listItems(
  comparison: Comparison,
  fd: Fd,
  dir: string,
  dirKey: string,
): Promise<Item[]> {
  const { selection, sys } = comparison.tree;
  const items: Item[] = [];
  const add = (name: string, isDir: boolean | null, found: Item['found']): void => {
    const path = join(dir, name);
    const enters = isDir === null || (isDir && selection.enters(path));
    if (!enters && !selection.selects(path, isDir)) return;
    const key = `${dirKey}/${encode(name)}`;
    items.push({ key, found, descends: false });
    if (enters) items.push({ key: `${key}/`, found, descends: true });
  };
  if (sys.fstat(fd).size < LARGE) {
    for (const { name, stat } of listStats(comparison, fd, dir)) {
      const isDir = stat === null ? null : stat.kind === 'dir';
      add(name, isDir, stat === null ? null : comparison.foundAt(fd, join(dir, name), stat));
    }
  } else {
    // A hundred thousand stats at hand would cost more than their directory being read twice.
    const directory = await opendir(`/proc/self/fd/${fd}`, { encoding: 'latin1', bufferSize: READ_AHEAD });
    for await (const entry of directory) {
      add(entry.name, entry.isDirectory(), 'later');
      if (comparison.slices.isOver) await comparison.slices.rest();
    }
  }
  return comparison.slices.sort(items);
}

function listStats(
  comparison: Comparison,
  fd: Fd,
  dir: string,
): { readonly name: string; readonly stat: Stat | null }[] {
  const { sys } = comparison.tree;
  try {
    return sys.listStat(fd);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
  }
  // One that cannot be examined (a damaged inode) must not hide the others.
  return sys.list(fd).flatMap(({ name }): { name: string; stat: Stat | null }[] => {
    try {
      const stat = sys.lstat(fd, name);
      return stat === null ? [] : [{ name, stat }];
    } catch (error) {
      comparison.failed(join(dir, name), 'subtree', error);
      return [{ name, stat: null }];
    }
  });
}

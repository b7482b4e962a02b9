/** What is in a directory, or below it, next to the rows of the table: both in the order of the keys. */
import type { Comparison } from './comparison.ts';
import { Cursor } from './cursor.ts';
import { encode } from './encoding.ts';
import { listItems, type Item } from './listing.ts';
import { keysBelow } from './table.ts';

/** Compares what is below a directory; when not `deep`, the names in it, and all in those directories that are new. */
export async function walk(comparison: Comparison, top: string, deep: boolean): Promise<void> {
  const name = comparison.nameOf(top);
  const cursor = new Cursor(comparison.tree.table, keysBelow(name));
  const key = name === '/' ? '' : encode(name);
  await compareDirectory({ comparison, cursor, deep }, top, key);
  await gone(comparison, cursor, null);
}

/** All that is recorded below a path, where there is no directory. */
export async function goneBelow(comparison: Comparison, path: string): Promise<void> {
  await gone(comparison, new Cursor(comparison.tree.table, keysBelow(comparison.nameOf(path))), null);
}

interface Walk {
  readonly comparison: Comparison;
  readonly cursor: Cursor;
  readonly deep: boolean;
}

async function compareDirectory(walk: Walk, dir: string, dirKey: string): Promise<void> {
  const { comparison, cursor, deep } = walk;
  const items = await itemsOf(comparison, dir, dirKey);
  // Nothing can be said of what is in a directory that could not be read.
  if (items === null) return cursor.skipTo(`${dirKey}0`);
  const isNew = new Set<string>();
  for (const { key, entry, descends } of items) {
    if (comparison.slices.isOver) await comparison.slices.rest();
    await gone(comparison, cursor, key);
    if (descends) {
      const dirKey = key.slice(0, -1);
      if (entry.found !== null && (deep || isNew.has(entry.path)))
        await compareDirectory(walk, entry.path, dirKey);
      else cursor.skipTo(`${dirKey}0`);
      continue;
    }
    const row = await cursor.peek();
    const recorded = row?.key === key ? row.text : null;
    if (recorded !== null) cursor.next();
    if (entry.found === null) continue;
    if (comparison.isNewDirectory(entry.path, recorded)) isNew.add(entry.path);
    comparison.compare(entry.path, entry.found, recorded);
  }
  await gone(comparison, cursor, `${dirKey}0`);
}

async function itemsOf(comparison: Comparison, dir: string, dirKey: string): Promise<Item[] | null> {
  const { sys } = comparison.tree;
  try {
    const fd = sys.openDir(comparison.rootFd, dir);
    try {
      return await listItems(comparison, fd, dir, dirKey);
    } finally {
      sys.close(fd);
    }
  } catch (error) {
    comparison.failed(dir, 'subtree', error);
    return null;
  }
}

/** The rows before a key are of what is not there. */
async function gone(comparison: Comparison, cursor: Cursor, key: string | null): Promise<void> {
  for (;;) {
    const row = await cursor.peek();
    if (row === null || (key !== null && row.key >= key)) return;
    comparison.gone(row);
    cursor.next();
    if (comparison.slices.isOver) await comparison.slices.rest();
  }
}

/** What is in a directory, or below it, next to the rows of the table: both in the order of the keys. */
import type { Comparison } from './comparison.ts';
import { Cursor } from './cursor.ts';
import { encode } from './encoding.ts';
import { Glances } from './glances.ts';
import { listItems, type Item } from './listing.ts';
import { keysBelow } from './table.ts';

/** Compares what is below a directory; when not `deep`, the names in it, and all in those directories that are new. */
export async function walk(comparison: Comparison, top: string, deep: boolean): Promise<void> {
  const name = comparison.nameOf(top);
  const cursor = new Cursor(comparison.tree.table, keysBelow(name));
  const key = name === '/' ? '' : encode(name);
  const glances = new Glances(comparison);
  try {
    await compareDirectory({ comparison, cursor, deep, glances }, top, key);
  } finally {
    glances.close();
  }
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
  readonly glances: Glances;
}

async function compareDirectory(walk: Walk, dir: string, dirKey: string): Promise<void> {
  const { comparison, cursor, deep } = walk;
  const items = await itemsOf(comparison, dir, dirKey);
  // Nothing can be said of what is in a directory that could not be read.
  if (items === null) return cursor.skipTo(`${dirKey}0`);
  const isNew = new Set<string>();
  for (const { key, found, descends } of items) {
    if (comparison.slices.isOver) await comparison.slices.rest();
    await gone(comparison, cursor, key);
    if (descends) {
      const below = key.slice(0, -1);
      if (found !== null && (deep || isNew.has(below)))
        await compareDirectory(walk, comparison.pathOf(below), below);
      else cursor.skipTo(`${below}0`);
      continue;
    }
    const row = await cursor.peek();
    const recorded = row?.key === key ? row.text : null;
    if (recorded !== null) cursor.next();
    const path = comparison.pathOf(key);
    if (comparison.isNewDirectory(path, recorded)) isNew.add(key);
    compareItem(walk, path, found, recorded);
  }
  await gone(comparison, cursor, `${dirKey}0`);
}

function compareItem(
  { comparison, glances }: Walk,
  path: string,
  item: Item['found'],
  recorded: string | null,
): void {
  const found = item === 'later' ? glances.at(path).found : item;
  if (found === 'unknown' || (found === null && item === null)) return;
  if (found !== null) comparison.compare(path, found, recorded);
  else if (recorded !== null) comparison.goneAt(path, recorded);
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

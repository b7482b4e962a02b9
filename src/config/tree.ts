/** The config as written, every node with its place, so that each fault can name file, line and column. */
import type { Fault } from './fault.ts';

export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export type Tree =
  | { readonly kind: 'scalar'; readonly at: Place; readonly value: unknown }
  | { readonly kind: 'list'; readonly at: Place; readonly items: readonly Tree[] }
  | { readonly kind: 'map'; readonly at: Place; readonly entries: ReadonlyMap<string, Entry> };

export interface Entry {
  /** of the key */
  readonly at: Place;
  readonly value: Tree;
}

export type TreePath = readonly (string | number)[];

/** The plain value, for the schema. Without prototypes, since keys are whatever a person wrote. */
export function toPlain(tree: Tree): unknown {
  if (tree.kind === 'scalar') return tree.value;
  if (tree.kind === 'list') return tree.items.map(toPlain);
  const plain = Object.create(null) as Record<string, unknown>;
  for (const [key, { value }] of tree.entries) plain[key] = toPlain(value);
  return plain;
}

/** The node at a path, or null. */
export function nodeAt(tree: Tree, path: TreePath): Tree | null {
  let node: Tree | undefined = tree;
  for (const step of path) {
    if (node?.kind === 'map') node = node.entries.get(String(step))?.value;
    else if (node?.kind === 'list') node = node.items[Number(step)];
    else return null;
  }
  return node ?? null;
}

/** The place of a value; where there is none, of the nearest thing around it that is written. */
export function placeOf(tree: Tree, path: TreePath): Place {
  return nodeAt(tree, path)?.at ?? keyPlaceOf(tree, path.slice(0, -1));
}

/** The place of the key that a path ends in, or of the item of a list. */
export function keyPlaceOf(tree: Tree, path: TreePath): Place {
  if (path.length === 0) return tree.at;
  const parent = nodeAt(tree, path.slice(0, -1));
  const entry = parent?.kind === 'map' ? parent.entries.get(String(path.at(-1))) : undefined;
  return entry?.at ?? placeOf(tree, path);
}

/** The tree without what stands at a path. */
export function without(tree: Tree, path: TreePath): Tree {
  const [step, ...rest] = path;
  if (step === undefined || tree.kind === 'scalar') return tree;
  if (tree.kind === 'list') {
    const cut = (item: Tree): Tree[] => (rest.length === 0 ? [] : [without(item, rest)]);
    return { ...tree, items: tree.items.flatMap((item, at) => (at === Number(step) ? cut(item) : [item])) };
  }
  const entries = new Map(tree.entries);
  const entry = entries.get(String(step));
  if (entry === undefined) return tree;
  if (rest.length === 0) entries.delete(String(step));
  else entries.set(String(step), { ...entry, value: without(entry.value, rest) });
  return { ...tree, entries };
}

/** A path as messages show it: `groups.web.hosts[2].name`. */
export function showPath(path: TreePath): string {
  return path
    .map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at === 0 ? '' : '.'}${step}`))
    .join('');
}

export function faultAt(place: Place, message: string, hint: string | null = null): Fault {
  return { file: place.file, line: place.line, column: place.column, message, hint };
}

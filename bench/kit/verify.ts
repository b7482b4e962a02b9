/** Whether all hosts hold the same, by a walk that shares nothing with the contestants. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { differences, walk } from '../../test/kit/cluster/tree.ts';
import type { Precision, Tree } from '../../test/kit/cluster/tree.ts';

const SHOWN = 3;

/** Differences below a directory, as lines to read; empty when all are equal. */
export function verifyEqual(
  roots: Readonly<Record<string, string>>,
  path: string,
  precision: Precision,
): string[] {
  const trees = Object.entries(roots).map(([host, root]) => [host, treeAt(root, path, precision)] as const);
  return differences(new Map(trees), SHOWN);
}

/** Whether all hosts hold the same names with the same content, whatever else differs. */
export function haveSameContent(roots: Readonly<Record<string, string>>, path: string): boolean {
  const trees = Object.entries(roots).map(
    ([host, root]) => [host, contentOf(treeAt(root, path, 'seconds'))] as const,
  );
  return differences(new Map(trees), 1).length === 0;
}

function treeAt(root: string, path: string, precision: Precision): Tree {
  const at = join(root, path);
  return existsSync(at) ? walk(at, { precision }) : new Map([[path, 'no such directory']]);
}

/** The type of each entry; of files the hash as well. */
function contentOf(tree: Tree): Tree {
  return new Map(
    [...tree].map(([path, line]) => [
      path,
      line.replace(/^(\w+) .* (\S+)$/, '$1 $2').replace(/^dir .*/, 'dir'),
    ]),
  );
}

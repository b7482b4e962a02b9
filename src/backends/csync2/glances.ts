/** What is at a path at this moment. */
import type { Fd } from '../../sys/sys.ts';
import { Comparison, NO_WAY, systemCode, type Found, type Tree } from './comparison.ts';
import { baseOf, parentOf } from './paths.ts';
import { mustBeSame } from './root.ts';
import { Slices } from './slices.ts';

export interface Glance {
  /** null = nothing; `unknown` = that could not be told, which is noted */
  readonly found: Found | null | 'unknown';
  /** when its directory changed last; 0 when there is none */
  readonly dirCtimeNs: bigint;
}

/** The directory of the last path stays open: most paths come beside each other. To be closed. */
export class Glances {
  readonly #comparison: Comparison;
  #path: string | null = null;
  #dir: { readonly fd: Fd; readonly ctimeNs: bigint } | 'absent' | 'unknown' = 'absent';

  constructor(comparison: Comparison) {
    this.#comparison = comparison;
  }

  at(path: string): Glance {
    const { tree, rootFd } = this.#comparison;
    if (path === '') {
      const stat = tree.sys.fstat(rootFd);
      const found = this.#comparison.foundAt(rootFd, path, stat) ?? 'unknown';
      return { found, dirCtimeNs: stat.ctimeNs };
    }
    if (this.#path !== parentOf(path)) this.#open(parentOf(path));
    if (this.#dir === 'unknown') return { found: 'unknown', dirCtimeNs: 0n };
    if (this.#dir === 'absent') return { found: null, dirCtimeNs: 0n };
    const { fd, ctimeNs: dirCtimeNs } = this.#dir;
    try {
      const stat = tree.sys.lstat(fd, baseOf(path));
      if (stat === null) return { found: null, dirCtimeNs };
      return { found: this.#comparison.foundAt(fd, path, stat) ?? 'unknown', dirCtimeNs };
    } catch (error) {
      this.#comparison.failed(path, 'subtree', error);
      return { found: 'unknown', dirCtimeNs };
    }
  }

  close(): void {
    if (typeof this.#dir === 'object') this.#comparison.tree.sys.close(this.#dir.fd);
    this.#dir = 'absent';
    this.#path = null;
  }

  #open(path: string): void {
    this.close();
    this.#path = path;
    const { tree, rootFd } = this.#comparison;
    try {
      const fd = tree.sys.openDir(rootFd, path);
      this.#dir = { fd, ctimeNs: tree.sys.fstat(fd).ctimeNs };
    } catch (error) {
      const isGone = NO_WAY.has(systemCode(error) ?? '');
      if (!isGone) this.#comparison.failed(path, 'subtree', error);
      this.#dir = isGone ? 'absent' : 'unknown';
    }
  }
}

/** What is at these paths, null = nothing; what could not be told is left out. Throws as `look` does. */
export async function findAt(
  tree: Tree,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, Found | null>> {
  const slices = new Slices(signal);
  const rootFd = tree.sys.openRoot(tree.rootPath);
  const there = new Map<string, Found | null>();
  const glances = new Glances(new Comparison(tree, rootFd, slices));
  try {
    const root = tree.sys.fstat(rootFd);
    mustBeSame(tree.rootPath, root, tree.root ?? root);
    for (const path of paths) {
      if (slices.isOver) await slices.rest();
      const { found } = glances.at(path);
      if (found !== 'unknown') there.set(path, found);
    }
  } finally {
    glances.close();
    tree.sys.close(rootFd);
  }
  return there;
}

/** csync2's texts of the same. */
export async function glanceAt(
  tree: Tree,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, string | null>> {
  const there = await findAt(tree, paths, signal);
  return new Map([...there].map(([path, found]) => [path, found?.text ?? null] as const));
}

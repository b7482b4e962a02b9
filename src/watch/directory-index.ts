/** The directories below a root as the watch host last saw them: a tree of names with each one's identity. No I/O. */

/** Which directory a name stands for. The birth time tells a reused inode number from the directory that had it before. */
export interface DirIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly birthtimeNs: bigint;
}

/** mtime of a directory that may have changed again within the same tick of the clock: never equal to a real one. */
export const UNSETTLED = -1n;

export class DirNode {
  readonly name: string;
  readonly parent: DirNode | null;
  children: Map<string, DirNode> | null = null;
  /** null until the directory was read for the first time */
  identity: DirIdentity | null = null;
  /** as it was before the names were last read */
  mtimeNs: bigint = UNSETTLED;
  /** names in it when it was last read */
  entries = 0;
  /** monotonic ms of the last look */
  lookedAt = 0;
  /** an event came from it since the last look */
  touched = false;
  /** events were so many that some may be missing: to be looked at even when its mtime is the same */
  doubtful = false;
  /** its own watch, beside the recursive one; closes it */
  patch: (() => void) | null = null;
  /** monotonic ms since when its patch tells everything; Infinity when it is not to be relied on */
  patchedAt = Infinity;
  /** false once it has left the index */
  alive = true;

  constructor(parent: DirNode | null, name: string) {
    this.parent = parent;
    this.name = name;
  }

  /** Byte path below the root. */
  path(): string {
    if (this.parent === null) return '';
    const above = this.parent.path();
    return above === '' ? this.name : `${above}/${this.name}`;
  }
}

export class DirectoryIndex {
  readonly root = new DirNode(null, '');
  #count = 1;

  /** Directories in it, the root among them. */
  get count(): number {
    return this.#count;
  }

  /** The deepest known directory on the way to `path`, and what is left of the path below it. */
  nearest(path: string): { node: DirNode; rest: string } {
    let node = this.root;
    let at = 0;
    while (at < path.length) {
      const slash = path.indexOf('/', at);
      const child = node.children?.get(slash === -1 ? path.slice(at) : path.slice(at, slash));
      if (child === undefined) break;
      node = child;
      at = slash === -1 ? path.length : slash + 1;
    }
    return { node, rest: path.slice(at) };
  }

  add(parent: DirNode, name: string): DirNode {
    const node = new DirNode(parent, name);
    parent.children ??= new Map();
    parent.children.set(name, node);
    this.#count += 1;
    return node;
  }

  /** Takes a directory and all below it out; `each` is told of every one. */
  remove(node: DirNode, each: (removed: DirNode) => void): void {
    if (!node.alive || node.parent === null) return;
    if (node.parent.children?.get(node.name) === node) node.parent.children.delete(node.name);
    for (const gone of walk(node)) {
      gone.alive = false;
      this.#count -= 1;
      each(gone);
    }
  }

  all(): Iterable<DirNode> {
    return walk(this.root);
  }
}

/** Parents before their children. The tree may change between two steps: what left it is skipped. */
function* walk(top: DirNode): Generator<DirNode> {
  const stack = [top];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (!node.alive) continue;
    for (const child of node.children?.values() ?? []) stack.push(child);
    yield node;
  }
}

/** An event of the recursive watch that comes later than this is one that the canary has reported as missing. */
const LATEST_MS = 10_000;

/** Whether all that the recursive watch still says of this directory was told by its patch, sooner and under its name. */
export function isToldByPatch(node: DirNode): boolean {
  return performance.now() - node.patchedAt > LATEST_MS;
}

export function sameDirectory(a: DirIdentity, b: DirIdentity): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.birthtimeNs === b.birthtimeNs;
}

/** The path of a name in a directory. */
export function below(path: string, name: string): string {
  return path === '' ? name : `${path}/${name}`;
}

/**
 * A set of hints in bounded memory. A hint that another one includes is left out: a subtree includes everything at and
 * below it, a directory's children include the entries in it. What does not fit is made coarser, never dropped: many
 * entries become their directory's children, deep places become subtrees of a common ancestor.
 */
import type { Hint } from './hint.ts';

const ENTRY = 1;
const CHILDREN = 2;
const SUBTREE = 4;
/** Entries of one directory from which on its children stand for them, once space is short. */
const MANY_ENTRIES = 8;

export class HintSet {
  readonly #limit: number;
  #scopes = new Map<string, number>();

  /** @param limit most places that are kept apart; at least 1 */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#scopes.size;
  }

  add({ path, scope }: Hint): void {
    const scopes = this.#scopes;
    const before = scopes.get(path) ?? 0;
    if (before & SUBTREE) return;
    if (scope === 'subtree') scopes.set(path, SUBTREE);
    else if (!this.#includes(path, scope)) scopes.set(path, before | (scope === 'entry' ? ENTRY : CHILDREN));
    if (scopes.size > this.#limit) this.#coarsen();
  }

  /** All hints, those of a directory before those below it; the set is empty afterwards. */
  take(): Hint[] {
    this.#prune();
    const hints: Hint[] = [];
    for (const [path, scopes] of [...this.#scopes].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (scopes & SUBTREE) hints.push({ path, scope: 'subtree' });
      if (scopes & ENTRY) hints.push({ path, scope: 'entry' });
      if (scopes & CHILDREN) hints.push({ path, scope: 'children' });
    }
    this.#scopes = new Map();
    return hints;
  }

  clear(): void {
    this.#scopes = new Map();
  }

  /** Whether a place above already includes this one. */
  #includes(path: string, scope: Hint['scope']): boolean {
    if (path === '') return false;
    let above = parentOf(path);
    if (scope === 'entry' && (this.#scopes.get(above) ?? 0) & CHILDREN) return true;
    for (;;) {
      if ((this.#scopes.get(above) ?? 0) & SUBTREE) return true;
      if (above === '') return false;
      above = parentOf(above);
    }
  }

  /** Leaves out what came before the hint that includes it. */
  #prune(): void {
    for (const [path, scopes] of this.#scopes) {
      if (this.#includes(path, 'children')) this.#scopes.delete(path);
      else if (scopes & ENTRY && this.#includes(path, 'entry')) {
        if (scopes === ENTRY) this.#scopes.delete(path);
        else this.#scopes.set(path, scopes & ~ENTRY);
      }
    }
  }

  #coarsen(): void {
    const enough = Math.floor(this.#limit / 2);
    this.#prune();
    if (this.#scopes.size <= enough) return;
    this.#gatherEntries();
    let deepest = 0;
    for (const path of this.#scopes.keys()) deepest = Math.max(deepest, depthOf(path));
    for (let depth = deepest - 1; this.#scopes.size > enough && depth >= 0; depth -= 1) this.#cut(depth);
  }

  #gatherEntries(): void {
    const entries = new Map<string, number>();
    for (const [path, scopes] of this.#scopes) {
      if (path !== '' && scopes === ENTRY)
        entries.set(parentOf(path), (entries.get(parentOf(path)) ?? 0) + 1);
    }
    for (const [dir, count] of entries) {
      if (count >= MANY_ENTRIES) this.#scopes.set(dir, (this.#scopes.get(dir) ?? 0) | CHILDREN);
    }
    this.#prune();
  }

  /** Replaces every place deeper than `depth` by the subtree of its ancestor there. */
  #cut(depth: number): void {
    for (const path of this.#scopes.keys()) {
      if (depthOf(path) <= depth) continue;
      this.#scopes.delete(path);
      this.#scopes.set(ancestorAt(path, depth), SUBTREE);
    }
    this.#prune();
  }
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? '' : path.slice(0, slash);
}

/** 0 for the root, 1 for a name directly below it. */
function depthOf(path: string): number {
  if (path === '') return 0;
  let depth = 1;
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) depth += 1;
  return depth;
}

function ancestorAt(path: string, depth: number): string {
  return path.split('/').slice(0, depth).join('/');
}

/**
 * What an event means. Its type, its order and even its path are not to be trusted (a directory that was renamed keeps
 * speaking under its old name), so it only says where to look: the disk and the index decide.
 */
import type { Coverage } from './coverage.ts';
import { below, isToldByPatch, sameDirectory, type DirNode } from './directory-index.ts';
import { identityOf, lstatBytes } from './disk.ts';
import type { Hint } from './hint.ts';

export interface IntakeOptions {
  readonly coverage: Coverage;
  readonly selects: (path: string, isDir: boolean) => boolean;
  readonly enters: (path: string) => boolean;
  readonly report: (hint: Hint) => void;
  /** an event that only the recursive watch tells, which may have lost another */
  readonly onUnsure: (doubtful: boolean) => void;
}

export interface Happened {
  /** byte path below the root */
  readonly path: string;
  /** false: something below this directory, under a name that is not known */
  readonly exact: boolean;
  readonly created: boolean;
  /** by the recursive watch, which may be late; false: by a patch */
  readonly recursive: boolean;
  /** events came so fast that others in the same directory may be missing */
  readonly doubtful: boolean;
}

export class Intake {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  take(event: Happened): void {
    const { coverage, enters } = this.#options;
    const { node, rest } = coverage.index.nearest(event.path);
    const parent = rest === '' && event.exact ? (node.parent ?? node) : node;
    if (event.recursive) {
      if (isToldByPatch(parent)) return;
      this.#options.onUnsure(event.doubtful);
      if (!event.doubtful) coverage.assist(parent);
    }
    touch(parent, event.doubtful);
    if (rest === '') {
      if (event.exact) this.#directory(node, event.created);
      else coverage.look(node);
      return;
    }
    const slash = rest.indexOf('/');
    const name = slash === -1 ? rest : rest.slice(0, slash);
    const path = below(node.path(), name);
    const stat = lstatBytes(coverage.absolute(path));
    if (stat?.isDirectory() === true) {
      if (enters(path)) coverage.cover(node, name);
    } else if (slash === -1 && event.exact) {
      this.#entry(path, stat === null);
    }
    // Else a stale path: below a directory that is gone, or has moved away.
  }

  #entry(path: string, gone: boolean): void {
    const { selects, report } = this.#options;
    if (selects(path, false) || (gone && selects(path, true))) report({ path, scope: 'entry' });
  }

  #directory(node: DirNode, created: boolean): void {
    const { coverage, report } = this.#options;
    const path = node.path();
    const { parent } = node;
    if (parent === null) {
      report({ path, scope: 'entry' });
      return;
    }
    // It is still being read: the hint for its subtree comes when that is done.
    if (node.identity === null) return;
    const stat = lstatBytes(coverage.absolute(path));
    if (stat === null || !stat.isDirectory()) {
      coverage.forget(node);
      report({ path, scope: 'subtree' });
    } else if (!sameDirectory(node.identity, identityOf(stat))) {
      coverage.cover(parent, node.name);
    } else if (node.patch === null && (created || this.#parentChanged(parent))) {
      // It may have been renamed away and back; what was changed in it meanwhile was reported under another path.
      report({ path, scope: 'subtree' });
    } else {
      report({ path, scope: 'entry' });
    }
  }

  // A rename changes the parent's mtime; a mere chmod of the directory does not, and costs no look at all below it.
  #parentChanged(parent: DirNode): boolean {
    const { coverage } = this.#options;
    return lstatBytes(coverage.absolute(parent.path()))?.mtimeNs !== parent.mtimeNs;
  }
}

function touch(node: DirNode, doubtful: boolean): void {
  node.touched = true;
  if (doubtful) node.doubtful = true;
}

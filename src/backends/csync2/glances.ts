/** What is at a path at this moment. */
import type { Fd } from '../../sys/sys.ts';
import { NO_WAY, systemCode, type Comparison, type Found } from './comparison.ts';
import { baseOf, parentOf } from './paths.ts';

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

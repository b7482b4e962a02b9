/** Files that are gone, by inode: one that turns up elsewhere was renamed, and needs no hash and no transfer. */
import type { Stat } from '../../../sys/sys.ts';
import type { Applied, RelPath, Sha256 } from '../core/types.ts';
import type { GoneTops } from './gone-tops.ts';
import type { BeliefReader, Believed } from './observation.ts';
import { parseIdentity, type IdentityParts } from '../../../sys/identity.ts';

export interface Gone {
  readonly path: RelPath;
  readonly applied: Applied;
  readonly sha256: Sha256;
  readonly was: IdentityParts;
}

/** Beyond this many, renames are found by hash at the receiver: memory must not grow with the number of files. */
const REMEMBERED = 100_000;
const SECOND = 1_000_000_000n;

export class Moves {
  readonly #byInode = new Map<bigint, Gone>();
  readonly #known = new Set<RelPath>();

  /** Remembers what was not found since the last time, and all that is believed below it. */
  update(beliefs: BeliefReader, gone: GoneTops): void {
    if (gone.size === this.#known.size) return;
    for (const { path, below } of gone) {
      if (this.#known.has(path)) continue;
      this.#known.add(path);
      const belief = below ? null : beliefs.get(path);
      if (below) for (const child of beliefs.children(path)) this.#add(beliefs, child);
      else if (belief !== null) this.#add(beliefs, belief);
    }
  }

  #add(beliefs: BeliefReader, gone: Believed): void {
    const directories: Believed[] = [gone];
    for (let next = directories.pop(); next !== undefined; next = directories.pop()) {
      if (this.#byInode.size >= REMEMBERED) return;
      const applied = next.applied;
      if (applied?.value.kind === 'dir') directories.push(...beliefs.children(next.path));
      else if (applied?.value.kind === 'file' && applied.identity !== null) {
        const was = parseIdentity(applied.identity);
        if (was !== null)
          this.#byInode.set(was.ino, { path: next.path, applied, sha256: applied.value.sha256, was });
      }
    }
  }

  /** The gone file whose inode this is, with equal size and mtime. Each is found once. */
  take(stat: Stat): Gone | null {
    const gone = this.#byInode.get(stat.ino);
    if (gone === undefined || gone.was.dev !== stat.dev) return null;
    if (gone.was.size !== stat.size || gone.was.mtimeNs !== stat.mtimeNs) return null;
    this.#byInode.delete(stat.ino);
    return gone;
  }
}

/**
 * Whether equal inode, size and mtime prove equal content. Not when the mtime is a whole second: such a time was set by
 * hand (tar, reproducible builds), and the inode may have been reused for another file of the same size. Not when the
 * file may have been written in the same clock tick as it was hashed.
 */
export function provesContent(gone: Gone): boolean {
  return !gone.was.provisional && gone.was.mtimeNs % SECOND !== 0n;
}

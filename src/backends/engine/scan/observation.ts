/** What a scan asks for and what it finds: an event only says "look here", the state on disk decides. */
import type { Applied, Identity, RelPath, Value } from '../core/types.ts';

/** `entry` = that name alone; `children` = the names in that directory; `subtree` = everything below and at it. */
export interface Look {
  readonly path: RelPath;
  readonly scope: 'entry' | 'children' | 'subtree';
}

/** What the store believes of a path: only what a scan compares with. */
export interface Believed {
  readonly path: RelPath;
  readonly applied: Applied | null;
}

/** Reads what the store believes; in a worker over a read-only connection, in the simulator over the store itself. */
export interface BeliefReader {
  get(path: RelPath): Believed | null;
  /** Direct children with an applied value other than absent. */
  children(dir: RelPath): Iterable<Believed>;
  /** Their names, with what of each is compared first. */
  identities(dir: RelPath): Map<string, Identity | null>;
}

/**
 * A difference between disk and store, or the confirmation that was asked for. `base` is the identity that the scan
 * compared with (null = believed absent): when the store holds another one by the time the observation arrives, the
 * observation is stale and the path is looked at again.
 */
export type Observation = { readonly path: RelPath; readonly base: Identity | null } & (
  | { readonly kind: 'gone' }
  /**
   * Read whole, with equal stat before and after. `content` rides along when small. `movedFrom` is the believed path
   * that is gone and whose inode this is: the content is the one believed there.
   */
  | {
      readonly kind: 'present';
      readonly value: Value;
      readonly identity: Identity;
      readonly content: Uint8Array | null;
      readonly movedFrom: RelPath | null;
    }
  /** Kept changing while it was read: retry later, send nothing. */
  | { readonly kind: 'hot' }
  /** Could not be read: unknown, never a deletion. For a directory: neither it nor anything below it is judged. */
  | { readonly kind: 'unreadable'; readonly code: string; readonly message: string }
  /** Other content under an identity that was certain: no write did that, so it is no edit and goes nowhere. */
  | { readonly kind: 'corrupt' }
  /** A kind that csyncd does not carry (socket, device). */
  | { readonly kind: 'unsupported' }
  /** Another file system is mounted here: neither it nor anything below it is judged. */
  | { readonly kind: 'mount' }
);

export interface ScanReport {
  /** Entries looked at. */
  readonly entries: number;
  readonly directories: number;
  readonly hashedBytes: number;
  readonly hashedFiles: number;
  /** ms spent in walking and in hashing */
  readonly walkMs: number;
  readonly hashMs: number;
}

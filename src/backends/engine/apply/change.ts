/** One change of the disk and what came of it. A batch of them runs in a worker; the control loop only sees these. */
import type { Identity, RelPath, Value } from '../core/types.ts';
import type { OwnerRules } from '../scan/owner.ts';
import type { RootIdentity } from '../scan/root.ts';

/** Where a file's content comes from. */
export type Content =
  /** directories, symlinks, fifos, removals, and changes of metadata alone */
  | { readonly kind: 'none' }
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  /** complete in `.csyncd/tmp/NAME`, hash not yet verified by apply */
  | { readonly kind: 'staged'; readonly name: string; readonly verified: boolean }
  /** a copy of `.csyncd/backup/ID` (a restored version, or an edit that raced a replacement) */
  | { readonly kind: 'backup'; readonly id: string }
  /**
   * At another path of this mapping; copied from there (reflink where possible), or moved when `move`: then it is the
   * version that is wanted here, metadata too.
   */
  | { readonly kind: 'local'; readonly path: RelPath; readonly identity: Identity; readonly move: boolean };

export interface Change {
  readonly path: RelPath;
  /** what must be on the disk now: its identity, or null for nothing; anything else is somebody's edit, and wins time */
  readonly expected: Identity | null;
  /** what the disk holds now, as last applied; null for nothing */
  readonly from: Value | null;
  /** what it shall hold */
  readonly to: Value;
  readonly content: Content;
  /** name below `.csyncd/backup` under which the present version is kept; null when it needs no keeping */
  readonly backupId: string | null;
}

export type Outcome =
  /** `identity` null when the path is now absent; `backedUp` tells whether the backup was made */
  | { readonly kind: 'done'; readonly identity: Identity | null; readonly backedUp: boolean }
  /** The disk was not as expected: look first, then plan again. Nothing was touched. */
  | { readonly kind: 'stale' }
  /**
   * Done, but a local writer changed the old file while it was being replaced (9.1, step 8): the backup holds an edit,
   * whose value this is.
   */
  | { readonly kind: 'raced'; readonly identity: Identity | null; readonly edit: Value }
  /** The content did not have the announced hash. Nothing was touched. */
  | { readonly kind: 'corrupt' }
  /**
   * An errno name, or `not-empty`. Nothing was touched, but for what `left` says that the disk holds since. `backedUp`: it
   * was done, with or without a backup, and could not be flushed.
   */
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      readonly left?: Left;
      readonly backedUp?: boolean;
    };

/** The old content with some of the new metadata. */
export type Left = { readonly value: Value; readonly identity: Identity };

export interface ChangeResult {
  readonly path: RelPath;
  readonly outcome: Outcome;
  /** directories made on the way because the parent was missing: their identities */
  readonly parents: readonly { readonly path: RelPath; readonly identity: Identity; readonly value: Value }[];
}

export interface ApplyReport {
  readonly results: readonly ChangeResult[];
  /** ms: writing temporaries, flushing, placing */
  readonly stageMs: number;
  readonly flushMs: number;
  readonly placeMs: number;
}

export interface ApplyOptions extends OwnerRules {
  readonly root: RootIdentity;
  /** strict = content and directories are flushed to disk before the result is reported */
  readonly durability: 'strict' | 'relaxed';
  /** wall clock, ns since 1970: the clock that the file system's time stamps come from */
  readonly now: () => bigint;
  /** monotonic, ms: for the report only */
  readonly clock: () => number;
}

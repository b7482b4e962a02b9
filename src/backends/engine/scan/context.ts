/** What the parts of one scan share. */
import type { Fd, Stat, Sys } from '../../../sys/sys.ts';
import type { Selection } from '../../../util/selection.ts';
import type { Identity, RelPath } from '../core/types.ts';
import type { GoneTops } from './gone-tops.ts';
import type { Moves } from './moves.ts';
import type { BeliefReader, Believed, Observation } from './observation.ts';
import type { OwnerRules } from './owner.ts';
import type { RootIdentity } from './root.ts';

export interface ScanOptions extends OwnerRules {
  readonly root: RootIdentity;
  readonly selection: Pick<Selection, 'selects' | 'enters'>;
  /** wall clock, ns since 1970: the clock that the file system's time stamps come from */
  readonly now: () => bigint;
  /** monotonic, ms: for the report only */
  readonly clock: () => number;
  /** content of a file of at most this size rides along, until `contentBudget` bytes have */
  readonly contentUpTo: number;
  readonly contentBudget: number;
  /** read every file again, whatever its identity says */
  readonly reread?: boolean;
}

/** An observation, or null: a moment at which other work may get in. */
export type ScanStep = Observation | null;
export type Steps = Generator<ScanStep, void>;

/** A file whose identity differs: to be read once the renames are known. */
export interface Unread {
  readonly path: RelPath;
  readonly belief: Believed | null;
  readonly stat: Stat;
}

export interface Scan {
  readonly sys: Sys;
  readonly rootFd: Fd;
  readonly beliefs: BeliefReader;
  readonly options: ScanOptions;
  readonly unread: Unread[];
  readonly gone: GoneTops;
  readonly moves: Moves;
  /** directories that were compared as a whole, or cannot be: a later look below them would tell nothing else */
  readonly compared: { add(dir: RelPath): unknown; has(dir: RelPath): boolean };
  readonly count: {
    entries: number;
    directories: number;
    hashedBytes: number;
    hashedFiles: number;
    hashMs: number;
  };
  /** bytes of content that rode along */
  carried: number;
}

/** Whether there is, or was, something to delete at a path. */
export function isLive(belief: Believed | null): belief is Believed {
  return belief?.applied !== null && belief?.applied !== undefined && belief.applied.value.kind !== 'absent';
}

export function baseOf(belief: Believed | null): Identity | null {
  return belief?.applied?.identity ?? null;
}

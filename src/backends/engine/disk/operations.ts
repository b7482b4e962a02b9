/** What the control loop asks of the disk workers: plain data both ways. */
import type { Stat, FsInfo } from '../../../sys/sys.ts';
import type { Timing } from '../../../util/timings.ts';
import type { ApplyOptions, ApplyReport, Change } from '../apply/change.ts';
import type { RecoverReport } from '../apply/recover.ts';
import type { Identity, RelPath, Sha256, Value } from '../core/types.ts';
import type { Look, Observation, ScanReport } from '../scan/observation.ts';
import type { OwnerMode } from '../scan/owner.ts';
import type { RootIdentity } from '../scan/root.ts';
import type { Intent } from '../store/store.ts';
import type { Found, KnownBlocks } from './rolling.ts';

/** Kinds of work that must not delay one another; a thread each. */
export type LaneName = 'apply' | 'scan' | 'bulk';

/** Where a scan worker finds what is believed. */
export type BeliefSource =
  | { readonly kind: 'store'; readonly stateDir: string; readonly group: string; readonly mapping: string }
  /** tests: a module that exports `openBeliefs(args): OpenedBeliefs` */
  | { readonly kind: 'module'; readonly url: string; readonly args: unknown };

export interface DiskSettings {
  /** absolute, a byte string */
  readonly path: string;
  readonly exclude: readonly string[];
  readonly include: readonly string[];
  readonly owner: OwnerMode;
  readonly durability: ApplyOptions['durability'];
  readonly beliefs: BeliefSource;
}

export interface OpenArgs {
  readonly mapping: number;
  readonly settings: DiskSettings;
  readonly root: RootIdentity;
}

interface About {
  readonly mapping: number;
}

interface OpenFile {
  readonly file: number;
}

/** A file's content as it was asked for; null when the file is another or was changed. */
export interface Wanted {
  readonly path: RelPath;
  readonly identity: Identity;
  readonly sha256: Sha256;
}

/** A file opened for content transfer. `file` stands for it until `close`. */
export interface Opened {
  readonly file: number;
  readonly size: number;
}

/** Blocks of an older file to be found in ranges of this one. */
export interface BlockSearch {
  readonly blocks: KnownBlocks;
  readonly blockSize: number;
  readonly ranges: readonly { readonly at: number; readonly length: number }[];
  /** bytes without a find after which to give up */
  readonly patience: number;
}

type Op<Args, Result> = { readonly args: Args; readonly result: Result };

export interface Operations {
  /** Whether anything is believed to be in the mapping. */
  knows: Op<{ readonly beliefs: BeliefSource }, boolean>;
  prepare: Op<{ readonly path: string; readonly known: boolean }, RootIdentity>;
  open: Op<OpenArgs, null>;
  close: Op<About, null>;

  apply: Op<About & { readonly changes: readonly Change[] }, ApplyReport>;
  recover: Op<About & { readonly intents: readonly Intent[] }, RecoverReport>;

  /** Observations come in chunks before the result. */
  scan: Op<About & { readonly looks: readonly Look[]; readonly reread: boolean }, ScanReport>;

  readSmall: Op<About & { readonly wanted: readonly Wanted[] }, (Uint8Array | null)[]>;
  openPath: Op<About & { readonly path: RelPath; readonly identity: Identity | null }, Opened | null>;
  openBackup: Op<About & { readonly id: string }, Opened | null>;
  openTemp: Op<About & { readonly name: string }, Opened>;
  readAt: Op<OpenFile & { readonly position: number; readonly length: number }, Uint8Array>;
  /** into shared memory */
  readInto: Op<
    OpenFile & { readonly position: number; readonly into: Uint8Array<SharedArrayBuffer> },
    number
  >;
  writeAt: Op<OpenFile & { readonly position: number; readonly bytes: Uint8Array }, null>;
  truncate: Op<OpenFile & { readonly size: number }, null>;
  sha256: Op<OpenFile, Sha256>;
  blockHashes: Op<OpenFile & { readonly blockSize: number }, Uint8Array>;
  weakHashes: Op<OpenFile & { readonly blocks: Uint32Array; readonly blockSize: number }, Uint32Array>;
  searchBlocks: Op<OpenFile & { readonly search: BlockSearch }, Found[]>;
  isUnchanged: Op<OpenFile, boolean>;
  resumeDownload: Op<OpenFile & { readonly limit: number }, number>;
  append: Op<OpenFile & { readonly bytes: Uint8Array }, null>;
  appendFrom: Op<
    OpenFile & { readonly from: number; readonly position: number; readonly length: number },
    boolean
  >;
  finishDownload: Op<OpenFile, Sha256>;
  closeFile: Op<OpenFile, null>;
  removeTemp: Op<About & { readonly name: string }, null>;
  listTemps: Op<About, { readonly name: string; readonly size: number; readonly changedNs: bigint }[]>;

  listBackups: Op<About, { readonly id: string; readonly stat: Stat }[]>;
  removeBackups: Op<About & { readonly ids: readonly string[] }, null>;
  secondLook: Op<
    About & { readonly backups: readonly { readonly id: string; readonly value: Value }[] },
    { readonly id: string; readonly edit: Value }[]
  >;
  space: Op<About, FsInfo>;

  /** Gives memory back to the kernel. */
  release: Op<null, null>;
}

export type OperationName = keyof Operations;
export type Chunk = readonly Observation[];

/** To a worker. `ack`: a chunk of a scan was taken; `cancel`: nobody waits for the answer any more. */
export type Request =
  | { readonly kind: 'call'; readonly id: number; readonly op: OperationName; readonly args: unknown }
  | { readonly kind: 'ack'; readonly id: number }
  | { readonly kind: 'cancel'; readonly id: number };

/** From a worker. */
export type Response =
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: SentError }
  | { readonly kind: 'chunk'; readonly id: number; readonly chunk: Chunk };

/** A response with what the worker spent since the last one. */
export type Posted = Response & { readonly spent: readonly Timing[] };

/** An error between threads; structured cloning keeps no class and no fields. */
export interface SentError {
  readonly code: string | null;
  readonly message: string;
  readonly hint: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * What the orchestrator knows of whoever moves the files: the bundled engine, or an external csync2 binary. A backend
 * serves one group. It finds out by itself what changed at the paths it is told to look at, moves it to the group's
 * other hosts, retries by itself what a peer could not take, and reports. It knows nothing of watching or scheduling.
 */

/** Where to look, a byte path below the mapping's root; `''` is the root. */
export interface DirtyPath {
  readonly path: string;
  /** `entry` = that name alone; `children` = the names in that directory; `subtree` = everything at and below it */
  readonly scope: 'entry' | 'children' | 'subtree';
}

export interface Batch {
  readonly mapping: string;
  readonly paths: readonly DirtyPath[];
  /** ms since 1970 of the oldest hint in it */
  readonly since: number;
}

export type HoldReason = { readonly code: string; readonly message: string; readonly hint: string };

/** What a look at the disk came to. */
export interface LookResult {
  /** changes that were taken up and are now owed to the peers */
  readonly changed: number;
  /** paths that must be looked at again later, because they were in use or unreadable */
  readonly again: readonly DirtyPath[];
  /** set when the backend refuses to send what it found (mass deletion, missing marker) until a person decides */
  readonly held: HoldReason | null;
}

export interface PeerStatus {
  readonly state: 'ok' | 'connecting' | 'down' | 'paused' | 'rejected';
  readonly role: 'full' | 'receive';
  readonly lag_seconds: number;
  readonly pending_files: number;
  readonly pending_bytes: number;
  /** ISO time, null when never */
  readonly last_seen: string | null;
  readonly last_error: string | null;
  /** what to do about it */
  readonly remedy: string | null;
  readonly clock_skew_ms: number | null;
  readonly config_match: boolean | null;
}

/** The backend's share of a mapping's status; the orchestrator adds its own. */
export interface MappingStatus {
  readonly files: number;
  readonly bytes: number;
  /** changes from peers that are not on this disk yet */
  readonly pending: number;
  readonly conflicts: number;
  readonly hot_files: number;
  /** byte paths that cannot be applied or read here, with the reason; `''` stands for the whole disk */
  readonly errors: readonly { readonly path: string; readonly code: string; readonly message: string }[];
}

export interface BackendStatus {
  readonly mappings: Readonly<Record<string, MappingStatus>>;
  readonly peers: Readonly<Record<string, PeerStatus>>;
}

export interface Difference {
  readonly path: string;
  readonly path_base64?: string;
  readonly node: string;
  readonly reason: string;
}

export interface VerifyResult {
  /** false when a node could not be compared; `unreachable` names them */
  readonly compared: boolean;
  readonly unreachable: readonly string[];
  readonly equal: boolean;
  readonly files: number;
  readonly nodes: readonly string[];
  readonly differences: readonly Difference[];
}

export interface WaitResult {
  readonly complete: boolean;
  /** per peer that has not acknowledged everything: how many paths are owed (a thousand at most), and some of them */
  readonly waiting: readonly {
    readonly peer: string;
    readonly count: number;
    readonly paths: readonly string[];
  }[];
}

export interface ConflictVersion {
  readonly id: string;
  readonly node: string;
  readonly time: string;
  readonly size: number;
  readonly mode: string;
  readonly sha256: string | null;
  readonly deleted: boolean;
}

export interface Conflict {
  readonly group: string;
  readonly mapping: string;
  readonly path: string;
  readonly path_base64?: string;
  readonly since: string;
  readonly versions: readonly ConflictVersion[];
}

export interface BackupEntry {
  readonly mapping: string;
  readonly path: string;
  readonly path_base64?: string;
  readonly version: string;
  readonly time: string;
  readonly size: number;
  readonly node: string;
  readonly reason: string;
}

/** One line of the audit trail. */
export interface AuditEvent {
  /** ms since 1970 */
  readonly time: number;
  readonly group: string;
  readonly mapping: string;
  /** a byte path */
  readonly path: string;
  /** what happened: `created`, `changed`, `deleted`, `metadata`, `conflict`, `blocked`, `held` … */
  readonly what: string;
  /** node on which the change was made */
  readonly node: string;
  readonly result: string;
}

/** What a person asks about one path. */
export interface Explanation {
  readonly state: string;
  readonly versions: readonly ConflictVersion[];
  readonly applied: string | null;
  readonly problem: string | null;
}

/** A mapping gave up by itself, not in the answer to a call: it is detached, and may be attached again after a while. */
export type FailureListener = (mapping: string, error: unknown) => void;

export interface Backend {
  readonly kind: 'engine' | 'csync2';
  readonly group: string;

  /** Connects to peers and serves them. Mappings are idle until `attach`. */
  start(): Promise<void>;
  /** Takes no more work, finishes what is being applied; resolves within 10 s. */
  stop(): Promise<void>;

  /**
   * The mapping's root is there and watched: changes from peers may be applied from now on. Rejects with a CsyncdError
   * when the root cannot be used. Must be followed by a `reconcile` before anything is announced. Does nothing when the
   * mapping is attached.
   */
  attach(mapping: string): Promise<void>;
  /** The root is gone or not to be trusted: apply nothing, announce nothing, judge nothing as deleted. */
  detach(mapping: string, reason: HoldReason): void;

  /**
   * A person takes the directory that is at the root's path now for the mapping's, although another was there before: it is
   * marked as such, and `attach` accepts it. Rejects with a CsyncdError when there is none.
   */
  takeRoot(mapping: string): Promise<void>;

  /** Looks at a batch's paths. Resolves when what changed is recorded and on its way, not when peers have it. */
  take(batch: Batch, signal: AbortSignal): Promise<LookResult>;
  /** Compares the whole tree with what is recorded. */
  reconcile(mapping: string, signal: AbortSignal): Promise<LookResult>;

  /** Resolves when every connected or expected peer has acknowledged what this node has now, or at the time-out. */
  settled(mapping: string | null, paths: readonly string[] | null, signal: AbortSignal): Promise<WaitResult>;
  verify(mapping: string, options: { readonly deep: boolean }, signal: AbortSignal): Promise<VerifyResult>;
  status(): BackendStatus;

  /** Pauses are remembered across restarts. Throws when one cannot be; then nothing is changed. */
  pausePeer(peer: string, mapping: string, paused: boolean): void;
  pauseMapping(mapping: string, paused: boolean): void;
  /** Whether the mapping as a whole was paused, perhaps in an earlier run. */
  isPaused(mapping: string): boolean;
  /** A person's decision over what `LookResult.held` reported. */
  decide(mapping: string, decision: 'approve' | 'reject'): Promise<void>;
  revert(mapping: string, signal: AbortSignal): Promise<{ readonly reverted: number }>;

  conflicts(): Promise<readonly Conflict[]>;
  resolve(mapping: string, path: string, keep: string): Promise<void>;
  backups(mapping: string | null, path: string | null): Promise<readonly BackupEntry[]>;
  restore(mapping: string, path: string, version: string): Promise<void>;
  explain(mapping: string, path: string): Promise<Explanation>;
}

export interface PeerIdentity {
  readonly node: string;
  /** SHA-256 of its certificate, colon-separated; null when it was never seen */
  readonly fingerprint: string | null;
  /** ISO time */
  readonly pinned_at: string | null;
  readonly address: string | null;
  readonly state: string;
  readonly last_error: string | null;
}

export interface PeersAnswer {
  readonly self: { readonly node: string; readonly fingerprint: string | null };
  readonly peers: readonly PeerIdentity[];
}

/** What the daemon answers to an operator: the JSON of the contract, section 3. Keys are stable. */
import type { Difference, Explanation, PeerStatus } from '../backends/backend.ts';

export type {
  AuditEvent,
  BackupEntry,
  Conflict,
  Difference,
  PeersAnswer,
  PeerStatus,
} from '../backends/backend.ts';

export interface MappingReport {
  readonly path: string;
  readonly state: 'ok' | 'scanning' | 'held' | 'paused' | 'missing' | 'error';
  /** what is wrong and what to do, or null */
  readonly reason: string | null;
  readonly files: number;
  readonly bytes: number;
  readonly pending: number;
  readonly conflicts: number;
  readonly hot_files: number;
  /** ISO time at which the last look at the whole tree ended */
  readonly last_scan: string | null;
  readonly watcher: {
    readonly directories: number;
    readonly limit: number | null;
    readonly overflows: number;
    readonly mode: 'events' | 'scan-only' | 'off';
    readonly host_restarts: number;
    readonly sweep_hits: number;
  };
  /** paths that cannot be applied or read here */
  readonly errors: readonly {
    readonly path: string;
    readonly path_base64?: string;
    readonly code: string;
    readonly message: string;
  }[];
}

export interface GroupReport {
  readonly backend: 'engine' | 'csync2';
  readonly mappings: Readonly<Record<string, MappingReport>>;
  readonly peers: Readonly<Record<string, PeerStatus>>;
}

export interface StatusReport {
  readonly node: string;
  readonly version: string;
  readonly state: 'ok' | 'degraded' | 'starting';
  readonly started_at: string;
  /** what the daemon must do without on this machine */
  readonly lacks: readonly { readonly message: string; readonly remedy: string }[];
  readonly groups: Readonly<Record<string, GroupReport>>;
}

/** Text, and the exact bytes where the text is not UTF-8. */
export interface ShownPath {
  readonly path: string;
  readonly path_base64?: string;
}

export interface SyncAnswer {
  /** everything was looked at and, with `wait`, acknowledged by every peer */
  readonly complete: boolean;
  /** changes that this look found */
  readonly changed: number;
  /** mappings that could not be looked at, or that keep back what was found */
  readonly failed: readonly { readonly group: string; readonly mapping: string; readonly reason: string }[];
  /** who has not acknowledged, and some of the paths; this node's own name stands for files that are in use */
  readonly waiting: readonly {
    readonly group: string;
    readonly peer: string;
    /** of paths that are owed; a thousand stands for more */
    readonly count: number;
    readonly paths: readonly ShownPath[];
  }[];
}

export interface VerifyAnswer {
  readonly equal: boolean;
  /** false when a node could not be compared */
  readonly compared: boolean;
  readonly mappings: Readonly<
    Record<
      string,
      {
        readonly equal: boolean;
        readonly compared: boolean;
        readonly unreachable: readonly string[];
        readonly reason: string | null;
        readonly files: number;
        readonly nodes: readonly string[];
        readonly differences: readonly Difference[];
      }
    >
  >;
}

export interface ExplainAnswer extends Explanation, ShownPath {
  readonly group: string;
  readonly mapping: string;
  /** where it is on this node */
  readonly file: string;
  readonly selected: boolean;
  /** the rule that decided, or null where none matched */
  readonly rule: string | null;
}

export interface DecideAnswer {
  /** the directory that is there was taken for the root, in place of one that was lost */
  readonly root: boolean;
  /** what is held back after it, or null */
  readonly held: string | null;
}

export interface RevertAnswer {
  readonly reverted: number;
}

export interface ReloadAnswer {
  /** what came into force, a line each; empty when nothing differed */
  readonly changes: readonly string[];
  readonly warnings: readonly string[];
}

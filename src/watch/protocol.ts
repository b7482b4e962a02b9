/** What the daemon and a watch host say to each other. */
import type { DirIdentity } from './directory-index.ts';
import type { Hint } from './hint.ts';

/** The first and only message to a host. */
export interface HostOrders {
  readonly root: string;
  readonly hidden: readonly string[];
  readonly exclude: readonly string[];
  readonly include: readonly string[];
  readonly sweepMs: number;
  /** the directory that was watched before; null = whatever is there. bigints as decimal text */
  readonly expected: WireIdentity | null;
  /** an empty directory for the canary */
  readonly canary: string;
  /** false: do without @parcel/watcher, which failed to start before */
  readonly recursive: boolean;
}

export interface WireIdentity {
  readonly dev: string;
  readonly ino: string;
  readonly birthtimeNs: string;
}

export interface HostFigures {
  readonly directories: number;
  readonly overflows: number;
  readonly sweepHits: number;
  readonly events: boolean;
}

export type HostMessage =
  /** a sign of life */
  | { readonly kind: 'beat'; readonly figures: HostFigures }
  | { readonly kind: 'hints'; readonly hints: readonly Hint[] }
  | { readonly kind: 'covered'; readonly identity: WireIdentity }
  /** nothing of its start is left that could break */
  | { readonly kind: 'begun' }
  | { readonly kind: 'suspicion'; readonly reason: string }
  | { readonly kind: 'root-lost'; readonly reason: string }
  /** still at work, but another host should take over */
  | { readonly kind: 'replace'; readonly reason: string }
  | { readonly kind: 'degraded'; readonly code: string; readonly message: string; readonly hint: string };

export function toWire(identity: DirIdentity): WireIdentity {
  return {
    dev: String(identity.dev),
    ino: String(identity.ino),
    birthtimeNs: String(identity.birthtimeNs),
  };
}

export function fromWire(identity: WireIdentity): DirIdentity {
  return {
    dev: BigInt(identity.dev),
    ino: BigInt(identity.ino),
    birthtimeNs: BigInt(identity.birthtimeNs),
  };
}

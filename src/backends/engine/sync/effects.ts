/**
 * What the replica asks of the world. The shell (engine.ts) answers with worker threads, sockets and clocks, the
 * simulator with its own; each answer comes back as a call of the replica's method named here.
 */
import type { ApplyReport, Change } from '../apply/change.ts';
import type { NodeId, RelPath, Sha256, Value } from '../core/types.ts';
import type { Look, Observation } from '../scan/observation.ts';
import type { AuditEvent } from '../store/store.ts';
import type { LookJob } from './look-job.ts';
import type { ReplacedVersion } from './second-looks.ts';
import type { Message } from '../wire/messages.ts';

export interface FetchRequest {
  readonly path: RelPath;
  readonly sha256: Sha256;
  readonly size: number;
  /** nodes that may have it, the likeliest first */
  readonly candidates: readonly NodeId[];
  /** path here whose content is likely to share blocks with it; null when none */
  readonly base: RelPath | null;
}

export type Fetched =
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  /** in `.csyncd/tmp/NAME`, hash checked */
  | { readonly kind: 'staged'; readonly name: string }
  /** no candidate has it now */
  | { readonly kind: 'unavailable'; readonly reason: string }
  /** the mapping was detached meanwhile: it is asked for again when it is back */
  | { readonly kind: 'aborted' }
  /** could not be kept here: an errno name */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

export interface Effects {
  /** Wall clock, ms since 1970. */
  now(): number;
  send(peer: NodeId, message: Message): void;
  /** Whether the peer's window has room for another message of rows. */
  canSend(peer: NodeId): boolean;
  /** Look at these places soon; answered by `observed` (any number of times) and then `looked` or `lookFailed`. */
  look(looks: readonly Look[]): void;
  /** Run one batch of changes of the disk; answered by `applied`. */
  apply(changes: readonly Change[]): void;
  /** Look whether these backups were written to after they were made; answered by `racedLate`. */
  lookAtReplaced(versions: readonly ReplacedVersion[]): void;
  /** Get a file's content; answered by `fetched`. */
  fetch(request: FetchRequest): void;
  /** A content that was asked for is not wanted any more: nothing of it is kept. */
  discard(content: { readonly path: RelPath; readonly sha256: Sha256 }): void;
  /** `step` and `pump` have work to do. */
  wake(): void;
  audit(event: Omit<AuditEvent, 'group' | 'mapping'>): void;
  /** A fresh name for a backup. */
  backupId(): string;
  /** A peer knows dots of ours that we do not: this state is older than what we once announced. */
  rolledBack(): void;
}

/** Answers to `Effects`; the replica implements it. */
export interface EffectAnswers {
  /** `job` is one `LookJob` for each run of a scan, asked for or not. */
  observed(job: LookJob, observations: readonly Observation[]): void;
  looked(job: LookJob): void;
  lookFailed(job: LookJob): void;
  applied(report: ApplyReport): void;
  racedLate(edits: readonly { readonly id: string; readonly path: RelPath; readonly edit: Value }[]): void;
  fetched(request: FetchRequest, result: Fetched): void;
}

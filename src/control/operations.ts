/** What the control socket offers, as the daemon provides it. */
import type { AuditEvent, PeersAnswer, ReloadAnswer } from '../orchestrator/answers.ts';
import type { MappingOperations } from '../orchestrator/operations/operations.ts';

/** The audit trail: who changed what, when, from which node, with what result. */
export interface AuditTrail {
  /** Oldest first, from a time (ms since 1970) on; the newest `limit` when there are more. */
  since(time: number, limit: number): readonly AuditEvent[];
  /** Calls back for each event from now on; the result ends that. */
  subscribe(listener: (event: AuditEvent) => void): () => void;
}

export interface PeerOperations {
  list(): PeersAnswer | Promise<PeersAnswer>;
  /** Forgets the pinned certificate of a node. Rejects with a CsyncdError when there is none. */
  forget(node: string): Promise<void>;
}

export interface Operations {
  readonly mappings: Pick<MappingOperations, keyof MappingOperations>;
  readonly trail: AuditTrail;
  readonly peers: PeerOperations;
  /** Rereads the config; rejects with code `config-refused` while the one before stays in force. */
  reload(): Promise<ReloadAnswer>;
}

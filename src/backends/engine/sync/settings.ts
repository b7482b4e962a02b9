import type { NodeId, Policy } from '../core/types.ts';

/** What a replica is told by the config; replaced whole on a reload. */
export interface ReplicaSettings {
  readonly group: string;
  readonly mapping: string;
  readonly node: NodeId;
  /** this node takes changes and sends none of its own */
  readonly receiveOnly: boolean;
  /** the group's hosts in the config's order, this node among them */
  readonly hosts: readonly NodeId[];
  readonly policy: Policy;
  readonly configHash: string;
  /** hold a scan's deletions when they are more than this percentage of the files (and over 100) */
  readonly maxDeletePercent: number;
}

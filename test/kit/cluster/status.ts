/** `status --json` as the contract has it: the parts that tests look at. */
export interface MappingReport {
  readonly state: 'ok' | 'scanning' | 'held' | 'paused' | 'missing' | 'error';
  readonly reason: string | null;
  readonly files: number;
  readonly bytes: number;
  readonly pending: number;
  readonly conflicts: number;
  readonly hot_files: number;
}

export interface PeerReport {
  readonly state: 'ok' | 'connecting' | 'down' | 'paused' | 'rejected';
  readonly lag_seconds: number;
  readonly pending_files: number;
  readonly pending_bytes: number;
  readonly last_error: string | null;
  readonly remedy: string | null;
}

export interface GroupReport {
  readonly mappings: Readonly<Record<string, MappingReport>>;
  readonly peers: Readonly<Record<string, PeerReport>>;
}

export interface StatusReport {
  readonly node: string;
  readonly state: 'ok' | 'degraded' | 'starting';
  readonly groups: Readonly<Record<string, GroupReport>>;
}

/** Whether every mapping has been looked through since the daemon's start. */
export function isLive(status: StatusReport): boolean {
  const mappings = Object.values(status.groups).flatMap((group) => Object.values(group.mappings));
  return status.state !== 'starting' && mappings.every((mapping) => mapping.state !== 'scanning');
}

/** Whether it is connected to all these peers. */
export function isConnected(status: StatusReport, peers: readonly string[]): boolean {
  const groups = Object.values(status.groups);
  return groups.every((group) => peers.every((peer) => group.peers[peer]?.state === 'ok'));
}

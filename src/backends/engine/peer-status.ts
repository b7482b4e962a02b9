/** How a peer stands with this node, over all mappings of a group. */
import type { PeerStatus } from '../backend.ts';
import type { NodeId } from './core/types.ts';
import type { MappingEngine } from './sync/mapping-engine.ts';
import type { PeerLags } from './sync/peer-lag.ts';

/** What the node tells of a peer as a whole. */
export interface PeerFacts {
  readonly role: 'full' | 'receive';
  readonly isLinked: boolean;
  /** mappings that are paused for this peer */
  readonly paused: readonly string[];
  /** ms since 1970; null when never */
  readonly lastSeen: number | null;
  readonly problem: {
    readonly message: string;
    readonly hint: string | null;
    readonly isRefusal: boolean;
  } | null;
  readonly clockSkewMs: number | null;
}

export function peerStatus(
  peer: NodeId,
  facts: PeerFacts,
  engines: readonly MappingEngine[],
  lags: PeerLags,
): PeerStatus {
  // A mapping that this node itself does not exchange says nothing of the peer.
  const standings = engines
    .filter(({ disk, isPaused, replica }) => {
      return disk !== null && !isPaused && !facts.paused.includes(replica.settings.mapping);
    })
    .map((engine) => ({
      mapping: engine.replica.settings.mapping,
      standing: engine.replica.standing(peer),
    }));
  const mismatched = standings
    .filter(({ standing }) => standing.kind === 'mismatch')
    .map(({ mapping }) => mapping);
  const lag = engines
    .map((engine) => lags.of(engine.replica, peer))
    .reduce(
      (a, b) => ({
        seconds: Math.max(a.seconds, b.seconds),
        files: a.files + b.files,
        bytes: a.bytes + b.bytes,
        failure: a.failure ?? b.failure,
      }),
      { seconds: 0, files: 0, bytes: 0, failure: null },
    );
  const closed = standings.flatMap(({ mapping, standing }) =>
    standing.kind === 'closed' ? [{ mapping, ...standing }] : [],
  );
  return {
    ...peerState(peer, facts, { mappings: engines.length, mismatched, closed, failure: lag.failure }),
    role: facts.role,
    lag_seconds: lag.seconds,
    pending_files: lag.files,
    pending_bytes: lag.bytes,
    last_seen: facts.lastSeen === null ? null : new Date(facts.lastSeen).toISOString(),
    clock_skew_ms: facts.clockSkewMs,
    config_match: !facts.isLinked ? null : mismatched.length === 0,
  };
}

interface Standings {
  /** how many there are */
  readonly mappings: number;
  /** mappings whose rules differ */
  readonly mismatched: readonly string[];
  /** mappings that the peer does not exchange now */
  readonly closed: readonly { readonly mapping: string; readonly code: string; readonly reason: string }[];
  /** what the peer said it cannot bring to its disk */
  readonly failure: string | null;
}

function peerState(
  peer: NodeId,
  { paused, isLinked, problem, lastSeen }: PeerFacts,
  { mappings, mismatched, closed, failure }: Standings,
): Pick<PeerStatus, 'state' | 'last_error' | 'remedy'> {
  if (paused.length > 0 && paused.length === mappings)
    return { state: 'paused', last_error: null, remedy: `csyncd resume --peer ${peer}` };
  if (!isLinked) {
    const last_error = problem?.message ?? null;
    const remedy = problem?.hint ?? null;
    if (problem?.isRefusal === true) return { state: 'rejected', last_error, remedy };
    const state = lastSeen === null && problem === null ? 'connecting' : 'down';
    return { state, last_error, remedy };
  }
  if (mismatched.length > 0) {
    return {
      state: 'rejected',
      last_error: `the config of ${mismatched.join(', ')} differs on ${peer}: include, exclude, owner, auto and hosts must be the same on all nodes`,
      remedy: 'compare `csyncd config show` of both nodes, make them equal, csyncd reload',
    };
  }
  if (paused.length > 0) {
    const remedy = `csyncd resume --peer ${peer} ${paused[0]}`;
    return { state: 'paused', last_error: `${paused.join(', ')}: paused here for ${peer}`, remedy };
  }
  const [away] = closed;
  if (away === undefined) return { state: 'ok', last_error: failure, remedy: null };
  const names = closed.map(({ mapping }) => mapping).join(', ');
  switch (away.code) {
    case 'connecting':
      return {
        state: 'connecting',
        last_error: `${peer} does not exchange ${names} yet`,
        remedy: `if it lasts, on ${peer}: csyncd status`,
      };
    case 'paused':
      return {
        state: 'paused',
        last_error: `${names}: paused on ${peer}, or by ${peer} for this node`,
        remedy: `on ${peer}: csyncd status shows what to resume`,
      };
    default:
      return {
        state: 'connecting',
        last_error: `${peer} does not exchange ${names} now: ${away.reason}`,
        remedy: `on ${peer}: csyncd status`,
      };
  }
}

/** How a group that csync2 serves stands: what `status`, `conflicts` and `explain` show. */
import type { BackendStatus, Explanation, MappingStatus, PeerStatus } from '../backend.ts';
import type { GroupRun } from './group-run.ts';
import type { Csync2Mapping } from './mapping.ts';
import type { Other } from './members.ts';
import { versionsOf } from './versions.ts';

export interface PathConflict {
  readonly mapping: Csync2Mapping;
  readonly path: string;
  /** ms since 1970 */
  readonly since: number;
}

const MOST_EDITS = 1_000;

export function groupStatus(run: GroupRun): BackendStatus {
  const mappings = run.mappings.map(
    (mapping) => [mapping.parts.mapping.name, mappingStatus(run, mapping)] as const,
  );
  const peers = run.others.map((other) => [other.node, peerStatus(run, other)] as const);
  return { mappings: Object.fromEntries(mappings), peers: Object.fromEntries(peers) };
}

function mappingStatus(run: GroupRun, mapping: Csync2Mapping): MappingStatus {
  const { files, bytes } = mapping.totals;
  const failures = run.troubles.failures().flatMap(({ peer, failure }) => {
    const path = mapping.pathOf(failure.name);
    if (path === null) return [];
    const why = [failure.message, failure.remedy];
    const message = `${peer}: ${why.filter((part) => part !== null).join('; ')}`;
    return [{ path, code: failure.reason ?? 'unknown', message }];
  });
  const edits = run.localEdits.of(mapping).map((path) => ({
    path,
    code: 'local-edit',
    message: `changed here, not sent: this node only receives; csyncd revert ${mapping.parts.mapping.name} takes it back`,
  }));
  const { listenerProblem } = run;
  const listener =
    listenerProblem === null
      ? []
      : [
          {
            path: '',
            code: listenerProblem.code,
            message: listenerProblem.message,
          },
        ];
  return {
    files,
    bytes,
    // What peers owe this node is known to them alone.
    pending: 0,
    conflicts: conflictsOf(run, mapping).length,
    hot_files: 0,
    errors: [...listener, ...mapping.errors, ...failures, ...edits].slice(0, MOST_EDITS),
  };
}

function peerStatus(run: GroupRun, other: Other): PeerStatus {
  const isPaused = run.mappings.some(({ parts }) => run.isPaused(parts.mapping.name, other.node));
  const { state, lastSeen, lastError, remedy } = run.sending.lane(other.node).status();
  const owed = run.owed.to(other.host);
  const isUnmet = run.exchanged(other.node).some((mapping) => run.meetings.isDue(mapping, other.node));
  // Its lane rests while nothing is exchanged with it.
  const isConnecting = state === 'paused' || (state === 'ok' && isUnmet);
  return {
    state: isPaused ? 'paused' : isConnecting ? 'connecting' : state,
    role: other.receiveOnly ? 'receive' : 'full',
    lag_seconds: run.group.role === 'receive' ? 0 : run.owed.lagSeconds(other.host),
    pending_files: run.group.role === 'receive' ? 0 : owed.names,
    pending_bytes: run.group.role === 'receive' ? 0 : owed.bytes,
    last_seen: lastSeen === null ? null : new Date(lastSeen).toISOString(),
    last_error: lastError ?? (isUnmet ? 'not compared with it yet' : null),
    remedy: isPaused ? `csyncd resume --peer ${other.node}` : remedy,
    clock_skew_ms: null,
    config_match: null,
  };
}

export function conflictsOf(run: GroupRun, mapping: Csync2Mapping): PathConflict[] {
  const found = new Map<string, number>();
  for (const { name, since } of run.troubles.conflicts()) {
    const path = mapping.pathOf(name);
    if (path !== null) found.set(path, since);
  }
  for (const names of run.meetings.undecided(mapping).values()) {
    for (const name of names) {
      const path = mapping.pathOf(name);
      if (path !== null && !found.has(path)) found.set(path, run.startedAt);
    }
  }
  return [...found].map(([path, since]) => ({ mapping, path, since }));
}

export async function explainPath(run: GroupRun, mapping: Csync2Mapping, path: string): Promise<Explanation> {
  const name = mapping.nameOf(path);
  const { table } = run.local;
  const isRecorded = (await table.texts([name])).has(name);
  const owed = (await table.peersOwed([name])).get(name) ?? [];
  const peers = run.others.flatMap(({ node, host }) => (owed.includes(host) ? [node] : []));
  const state = isRecorded ? 'recorded by csync2' : 'not recorded by csync2';
  const problem = mappingStatus(run, mapping).errors.find((error) => error.path === path)?.message ?? null;
  return {
    state: peers.length === 0 ? state : `${state}, owed to ${peers.join(', ')}`,
    versions: (await versionsOf(run, mapping, [path]))[0] ?? [],
    applied: null,
    problem,
  };
}

/** `status`: what the runners, the watchers and the backends say, in the contract's words. */
import type { BackendStatus, HoldReason, MappingStatus } from '../../backends/backend.ts';
import { shownPath } from '../../util/bytes.ts';
import { inWords } from '../../util/errno-words.ts';
import { assertNever } from '../../util/errors.ts';
import type { WatcherStatus } from '../../watch/watcher.ts';
import { hintOf } from '../failures.ts';
import type { GroupReport, MappingReport, StatusReport } from '../answers.ts';
import type { GroupRunner } from '../group.ts';
import type { Life } from '../life.ts';
import type { RunnerStatus } from '../runner.ts';

const noFacts: MappingStatus = { files: 0, bytes: 0, pending: 0, conflicts: 0, hot_files: 0, errors: [] };
const noWatcher: WatcherStatus = {
  directories: 0,
  limit: null,
  overflows: 0,
  mode: 'off',
  host_restarts: 0,
  sweep_hits: 0,
};

export interface NodeFacts {
  readonly node: string;
  readonly version: string;
  /** ms since 1970 */
  readonly startedAt: number;
  readonly lacks: StatusReport['lacks'];
}

export function statusReport(facts: NodeFacts, groups: Iterable<GroupRunner>): StatusReport {
  const reports: Record<string, GroupReport> = {};
  let starting = false;
  for (const group of groups) {
    reports[group.group.name] = groupReport(group);
    if (group.backend === null && group.failure === null) starting = true;
    for (const runner of group.runners.values()) if (isStarting(runner.status())) starting = true;
  }
  const healthy = Object.values(reports).every(isHealthy);
  return {
    node: facts.node,
    version: facts.version,
    state: starting ? 'starting' : healthy ? 'ok' : 'degraded',
    started_at: new Date(facts.startedAt).toISOString(),
    lacks: facts.lacks,
    groups: reports,
  };
}

/** Nothing in this group waits for a person or for a peer. */
function isHealthy(group: GroupReport): boolean {
  const mappings = Object.values(group.mappings).every(
    (mapping) =>
      (mapping.state === 'ok' || mapping.state === 'scanning') &&
      mapping.reason === null &&
      mapping.conflicts === 0 &&
      mapping.errors.length === 0,
  );
  return (
    mappings && Object.values(group.peers).every((peer) => peer.state === 'ok' && peer.config_match !== false)
  );
}

function isStarting({ life, lastScan }: RunnerStatus): boolean {
  return life.kind === 'starting' || (life.kind === 'scanning' && lastScan === null);
}

function groupReport(running: GroupRunner): GroupReport {
  const { group } = running;
  const status: BackendStatus = running.backend?.status() ?? { mappings: {}, peers: {} };
  const mappings: Record<string, MappingReport> = {};
  for (const { name, path } of group.mappings) {
    const runner = running.runners.get(name);
    mappings[name] = mappingReport(path, {
      facts: status.mappings[name] ?? noFacts,
      runner: runner?.status() ?? null,
      failure: running.failure?.reason ?? null,
    });
  }
  return { backend: group.backend, mappings, peers: status.peers };
}

interface MappingSources {
  readonly facts: MappingStatus;
  readonly runner: RunnerStatus | null;
  /** of the group */
  readonly failure: HoldReason | null;
}

function mappingReport(path: string, { facts, runner, failure }: MappingSources): MappingReport {
  const shown = runner === null ? groupState(failure) : lifeState(runner.life);
  const watcher = runner?.watcher ?? noWatcher;
  return {
    path,
    state: shown.state,
    reason: reasonText(shown.reason ?? runner?.limits[0] ?? null),
    files: facts.files,
    bytes: facts.bytes,
    pending: facts.pending,
    conflicts: facts.conflicts,
    hot_files: facts.hot_files,
    last_scan: runner === null || runner.lastScan === null ? null : new Date(runner.lastScan).toISOString(),
    watcher: {
      directories: watcher.directories,
      limit: watcher.limit,
      overflows: watcher.overflows,
      mode: watcher.mode,
      host_restarts: watcher.host_restarts,
      sweep_hits: watcher.sweep_hits,
    },
    errors: facts.errors.map(({ path, code, message }) => ({
      ...shownPath(path),
      code,
      // The root stands for the whole disk.
      message: path === '' ? `${inWords(message)}; ${hintOf(code)}` : inWords(message),
    })),
  };
}

interface Shown {
  readonly state: MappingReport['state'];
  readonly reason: HoldReason | null;
}

function groupState(failure: HoldReason | null): Shown {
  return failure === null ? { state: 'scanning', reason: null } : { state: 'error', reason: failure };
}

function lifeState(life: Life): Shown {
  switch (life.kind) {
    case 'starting':
      return { state: 'scanning', reason: null };
    case 'scanning':
      // A retry may take as long as what made the look before it fail.
      if (life.failure !== null) return { state: 'error', reason: life.failure.reason };
      return life.held === null ? { state: 'scanning', reason: null } : { state: 'held', reason: life.held };
    case 'live':
      return { state: 'ok', reason: null };
    case 'held':
      return { state: 'held', reason: life.reason };
    case 'missing':
      return { state: 'missing', reason: life.reason };
    case 'failed':
      return { state: 'error', reason: life.failure.reason };
    case 'paused':
      return { state: 'paused', reason: life.lost };
    default:
      return assertNever(life);
  }
}

function reasonText(reason: HoldReason | null): string | null {
  return reason === null ? null : `${reason.message}; ${reason.hint}`;
}

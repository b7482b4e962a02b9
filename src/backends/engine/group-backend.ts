/** The engine as the orchestrator knows it: one group's mappings behind the backend interface. */
import { CsyncdError } from '../../util/errors.ts';
import type {
  Backend,
  BackendStatus,
  BackupEntry,
  Batch,
  Conflict,
  Explanation,
  HoldReason,
  LookResult,
  PeerStatus,
  VerifyResult,
  WaitResult,
} from '../backend.ts';
import type { NodeId, RelPath } from './core/types.ts';
import type { Look } from './scan/observation.ts';
import {
  describeConflicts,
  explainPath,
  listBackups,
  resolveConflict,
  restoreBackup,
  revertEdits,
} from './sync/decisions.ts';
import type { LookJob } from './sync/look-job.ts';
import type { MappingEngine } from './sync/mapping-engine.ts';
import { PeerLags } from './sync/peer-lag.ts';
import { mappingStatus } from './sync/status.ts';
import { waitSettled } from './sync/settled.ts';

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

export interface GroupBackendParts {
  readonly group: string;
  /** the group's other nodes, in the config's order */
  peers(): readonly NodeId[];
  peerFacts(peer: NodeId): PeerFacts;
  pausePeer(peer: NodeId, mapping: string, paused: boolean): void;
  pauseMapping(mapping: string, paused: boolean): void;
  engine(mapping: string): MappingEngine;
  takeRoot(mapping: string): Promise<void>;
  engines(): readonly MappingEngine[];
  verify(
    engine: MappingEngine,
    options: { readonly deep: boolean },
    signal: AbortSignal,
  ): Promise<VerifyResult>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export class GroupBackend implements Backend {
  readonly kind = 'engine';
  readonly group: string;
  readonly #parts: GroupBackendParts;
  readonly #lags = new PeerLags();

  constructor(parts: GroupBackendParts) {
    this.#parts = parts;
    this.group = parts.group;
  }

  start(): Promise<void> {
    return this.#parts.start();
  }

  stop(): Promise<void> {
    return this.#parts.stop();
  }

  attach(mapping: string): Promise<void> {
    return this.#parts.engine(mapping).attach();
  }

  detach(mapping: string, reason: HoldReason): void {
    this.#parts.engine(mapping).detach(reason.code, reason.message);
  }

  takeRoot(mapping: string): Promise<void> {
    return this.#parts.takeRoot(mapping);
  }

  async take(batch: Batch, signal: AbortSignal): Promise<LookResult> {
    const engine = this.#parts.engine(batch.mapping);
    signal.throwIfAborted();
    return lookResult(
      engine,
      await engine.lookAt(
        batch.paths.map((dirty): Look => ({ path: dirty.path as RelPath, scope: dirty.scope })),
      ),
    );
  }

  async reconcile(mapping: string, signal: AbortSignal): Promise<LookResult> {
    const engine = this.#parts.engine(mapping);
    signal.throwIfAborted();
    return lookResult(engine, await engine.scanAll());
  }

  async settled(
    mapping: string | null,
    paths: readonly string[] | null,
    signal: AbortSignal,
  ): Promise<WaitResult> {
    const engines = mapping === null ? this.#parts.engines() : [this.#parts.engine(mapping)];
    const results = await Promise.all(
      engines.map((engine) => waitSettled(engine, this.#parts.peers(), paths, signal)),
    );
    return {
      complete: results.every((result) => result.complete),
      waiting: results.flatMap((result) => result.waiting),
    };
  }

  verify(mapping: string, options: { readonly deep: boolean }, signal: AbortSignal): Promise<VerifyResult> {
    return this.#parts.verify(this.#parts.engine(mapping), options, signal);
  }

  status(): BackendStatus {
    const mappings = Object.fromEntries(
      this.#parts.engines().map((engine) => [engine.replica.settings.mapping, mappingStatus(engine)]),
    );
    const peers = Object.fromEntries(this.#parts.peers().map((peer) => [peer, this.#peerStatus(peer)]));
    return { mappings, peers };
  }

  pausePeer(peer: string, mapping: string, paused: boolean): void {
    if (!this.#parts.peers().includes(peer as NodeId))
      throw new CsyncdError('unknown-peer', `${peer} is no other host of group ${this.group}`);
    this.#parts.pausePeer(peer as NodeId, mapping, paused);
  }

  pauseMapping(mapping: string, paused: boolean): void {
    this.#parts.pauseMapping(mapping, paused);
  }

  isPaused(mapping: string): boolean {
    return this.#parts.engine(mapping).isPaused;
  }

  async decide(mapping: string, decision: 'approve' | 'reject'): Promise<void> {
    const engine = this.#parts.engine(mapping);
    if (engine.replica.looking.held === null)
      throw new CsyncdError('not-held', `nothing is held in ${mapping}`);
    const verdict = decision === 'approve' ? 'approved' : 'rejected';
    const { deletions } = engine.replica.looking.held;
    engine.replica.looking.decide(verdict);
    engine.audit({
      time: engine.now(),
      path: '',
      what: verdict,
      node: engine.replica.settings.node,
      result: `${deletions} deletions that were held`,
    });
    await engine.scanAll();
  }

  async revert(mapping: string, signal: AbortSignal): Promise<{ readonly reverted: number }> {
    const engine = this.#parts.engine(mapping);
    if (!engine.replica.settings.receiveOnly) {
      throw new CsyncdError(
        'not-receiving',
        `this node also writes ${mapping}: its own edits are sent, there is nothing to revert`,
      );
    }
    signal.throwIfAborted();
    return { reverted: await revertEdits(engine.replica) };
  }

  async conflicts(): Promise<readonly Conflict[]> {
    return this.#parts.engines().flatMap((engine) => describeConflicts(engine.replica));
  }

  async resolve(mapping: string, path: string, keep: string): Promise<void> {
    this.#parts.engine(mapping).ask((replica) => resolveConflict(replica, path as RelPath, keep));
  }

  async backups(mapping: string | null, path: string | null): Promise<readonly BackupEntry[]> {
    const engines = mapping === null ? this.#parts.engines() : [this.#parts.engine(mapping)];
    return engines.flatMap((engine) => listBackups(engine.replica, path as RelPath | null));
  }

  async restore(mapping: string, path: string, version: string): Promise<void> {
    this.#parts.engine(mapping).ask((replica) => restoreBackup(replica, path as RelPath, version));
  }

  async explain(mapping: string, path: string): Promise<Explanation> {
    return explainPath(this.#parts.engine(mapping).replica, path as RelPath);
  }

  #peerStatus(peer: NodeId): PeerStatus {
    const facts = this.#parts.peerFacts(peer);
    const engines = this.#parts.engines();
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
      .map((engine) => this.#lags.of(engine.replica, peer))
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

function lookResult(engine: MappingEngine, job: LookJob): LookResult {
  const { held } = engine.replica.looking;
  const { mapping, maxDeletePercent } = engine.replica.settings;
  if (held === null) return { changed: job.changed, again: [], held: null };
  const reason: HoldReason = {
    code: 'mass-deletion',
    message: `${held.deletions} of ${held.files} files are gone from this disk, more than max_delete (${maxDeletePercent}%): the deletions are held, nothing is deleted elsewhere`,
    hint: `csyncd approve ${mapping} sends them, csyncd reject ${mapping} puts the files back`,
  };
  return { changed: job.changed, again: [], held: reason };
}

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
  VerifyResult,
  WaitResult,
} from '../backend.ts';
import type { NodeId, RelPath } from './core/types.ts';
import { peerStatus, type PeerFacts } from './peer-status.ts';
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
    const engines = this.#parts.engines();
    const mappings = Object.fromEntries(
      engines.map((engine) => [engine.replica.settings.mapping, mappingStatus(engine)]),
    );
    const peers = Object.fromEntries(
      this.#parts
        .peers()
        .map((peer) => [peer, peerStatus(peer, this.#parts.peerFacts(peer), engines, this.#lags)]),
    );
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

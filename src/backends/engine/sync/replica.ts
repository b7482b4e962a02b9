/**
 * One mapping's replica on this node, without any I/O: it is told what happened (methods) and asks for what shall happen
 * (effects.ts). Deterministic given its store, its clock and the order of calls, which is what the simulator relies on.
 */
import type { ApplyReport } from '../apply/change.ts';
import type { RecoverReport } from '../apply/recover.ts';
import type { NodeId, RelPath } from '../core/types.ts';
import type { Look, Observation } from '../scan/observation.ts';
import type { Intent, Seq } from '../store/store.ts';
import type { Knowledge, Message } from '../wire/messages.ts';
import type { Applying } from './applying.ts';
import type { EffectAnswers, FetchRequest, Fetched } from './effects.ts';
import { pagesOf } from './every-row.ts';
import type { Exchange, PeerStanding } from './exchange.ts';
import type { LookJob } from './look-job.ts';
import type { Looking } from './looking.ts';
import { remember, type Memory } from './memory.ts';
import { announceLocalEdits } from './receiving.ts';
import type { ReplicaSettings } from './settings.ts';
import type { Shared, ReplicaParts } from './shared.ts';

export class Replica implements EffectAnswers {
  readonly #parts: ReplicaParts;
  #memory: Memory;
  #state: 'detached' | 'attached' | 'live' = 'detached';
  readonly #listeners = new Set<() => void>();

  constructor(parts: ReplicaParts) {
    this.#parts = parts;
    this.#memory = remember(parts, () => this.#changed());
  }

  /**
   * After a failure of the store that may have left what is in memory half-way: all of it is made from the store again, as
   * after a kill. While detached; what was running has ended. Throws when the store cannot be read.
   */
  renew(): void {
    const linked = this.#exchange.linkedPeers();
    this.#memory = remember({ ...this.#parts, settings: this.settings }, () => this.#changed());
    this.#waitingForApply.clear();
    for (const peer of linked) this.#exchange.linked(peer);
  }

  get #shared(): Shared {
    return this.#memory.shared;
  }

  get #exchange(): Exchange {
    return this.#memory.exchange;
  }

  get #applying(): Applying {
    return this.#memory.applying;
  }

  get #looking(): Looking {
    return this.#memory.looking;
  }

  get state(): 'detached' | 'attached' | 'live' {
    return this.#state;
  }

  get settings(): ReplicaSettings {
    return this.#shared.settings;
  }

  /** The root may be read and written. Nothing is told or applied before the first full scan is over (`scanned`). */
  attach(): void {
    if (this.#state !== 'detached') return;
    this.#state = 'attached';
    // The config may have been another when the daemon ran last.
    this.#judge();
    if (!this.settings.receiveOnly) announceLocalEdits(this.#shared);
    this.#exchange.open();
  }

  /** The disk was compared with the table as a whole. */
  scanned(): void {
    if (this.#state === 'detached') return;
    this.#state = 'live';
    this.#exchange.ready();
    this.#applying.run();
  }

  /** The root is not to be trusted, or the mapping is paused: tell nothing, apply nothing. */
  detach(code: string, reason: string): void {
    if (this.#state === 'detached') return;
    this.#state = 'detached';
    this.#applying.halt();
    this.#exchange.close(code, reason);
  }

  /** New settings from a reload; rows are judged anew when the policy changed. */
  configure(settings: ReplicaSettings): void {
    const before = this.#shared.settings;
    this.#shared.settings = settings;
    if (before.policy !== settings.policy || before.hosts.join(' ') !== settings.hosts.join(' '))
      this.#judge();
    if (before.receiveOnly && !settings.receiveOnly) announceLocalEdits(this.#shared);
    if (before.configHash !== settings.configHash) this.#exchange.reopen();
  }

  linked(peer: NodeId): void {
    this.#exchange.linked(peer);
  }

  unlinked(peer: NodeId): void {
    this.#exchange.unlinked(peer);
    this.#changed();
  }

  receive(peer: NodeId, message: Message): void {
    const before = this.#exchange.standing(peer).kind;
    this.#exchange.receive(peer, message);
    if (before !== 'open' && this.#exchange.standing(peer).kind === 'open') this.#applying.sourceCame();
    this.#changed();
  }

  observed(job: LookJob, observations: readonly Observation[]): void {
    this.#looking.observed(job, observations);
    this.#shared.effects.wake();
  }

  /** The scan of a job came to its end. */
  looked(job: LookJob): void {
    this.#looking.finished(job);
    for (const look of job.looks) this.#applying.lookedAt(look.path);
    this.#lookAgain([...job.again]);
    this.#shared.effects.wake();
    this.#changed();
  }

  /** The scan broke off: what it called gone proves nothing. */
  lookFailed(job: LookJob): void {
    this.#looking.failed(job);
    for (const look of job.looks) this.#applying.lookedAt(look.path);
    this.#shared.effects.wake();
  }

  applied(report: ApplyReport): void {
    this.#applying.applied(report);
    const waiting = [...this.#waitingForApply];
    this.#waitingForApply.clear();
    this.#lookAgain(waiting);
    this.#changed();
  }

  /**
   * After a kill, before anything else: what was begun on the disk has been cleaned up. Half-done work is no edit; what was
   * replaced may have been written to at that very moment, so its backup is looked at once more.
   */
  recovered(intents: readonly Intent[], report: RecoverReport): void {
    const { rows } = this.#shared;
    const kept = new Set(report.keptBackups);
    const replaced = intents.flatMap(({ path }) => [...rows.backups(path)].filter(({ id }) => kept.has(id)));
    this.#shared.transact(() => {
      rows.deleteAllIntents();
      for (const id of report.droppedBackups) rows.deleteBackup(id);
    });
    // What would have lost bytes was not done as long as they were not kept: what is there now, a user put there.
    const undone = new Set<string | null>(report.droppedBackups);
    this.#looking.interrupted(intents.filter(({ backupId }) => !undone.has(backupId)));
    this.#applying.lookAtReplaced(replaced);
  }

  racedLate(edits: Parameters<EffectAnswers['racedLate']>[0]): void {
    if (edits.length === 0) return;
    this.#shared.transact(() => {
      for (const { path, id, edit } of edits) this.#applying.raced(path, id, edit);
    });
  }

  fetched(request: FetchRequest, result: Fetched): void {
    this.#applying.fetched(request, result);
  }

  /** Plans disk work and tells peers what is due. Call after `wake`, and at `nextDue`. */
  step(): void {
    if (this.#state === 'detached') return;
    const due = this.#looking.takeDue();
    if (due.length > 0) this.#shared.effects.look(due.map(toLook));
    this.#applying.step();
    this.#exchange.step();
  }

  /** Sends at most one message of rows to the peer; whether there may be more. */
  pump(peer: NodeId): boolean {
    return this.#state === 'live' && this.#exchange.pump(peer);
  }

  /** ms since 1970 at which `step` and `pump` must be called again without any other event; null for never. */
  nextDue(): number | null {
    if (this.#state === 'detached') return null;
    const dues = [this.#exchange.nextDue(), this.#applying.nextDue(), this.#looking.nextDue()].filter(
      (due) => due !== null,
    );
    return dues.length === 0 ? null : Math.min(...dues);
  }

  /** The store is older than it was: every peer and this node start over with each other, under a new table identity. */
  restart(): void {
    this.#shared.forgetOwn();
    if (this.#state === 'detached') return;
    this.#exchange.close('restarting', 'the node takes a new epoch');
    this.#exchange.open();
    if (this.#state === 'live') this.#exchange.ready();
  }

  /** This node and the peer tell each other everything from the start. */
  exchangeAll(peer: NodeId): void {
    this.#exchange.exchangeAll(peer);
  }

  /** Starts no more changes of the disk; peers are still served. */
  halt(): void {
    this.#applying.halt();
  }

  standing(peer: NodeId): PeerStanding {
    return this.#exchange.standing(peer);
  }

  openPeers(): NodeId[] {
    return this.#exchange.openPeers();
  }

  acked(peer: NodeId): Seq {
    return this.#exchange.acked(peer);
  }

  /** What the peer said it could not bring to its disk. */
  peerFailures(peer: NodeId): {
    readonly count: number;
    readonly failed: readonly { readonly path: RelPath; readonly code: string; readonly message: string }[];
  } {
    const outgoing = this.#exchange.outgoing(peer);
    return { count: outgoing?.failedCount ?? 0, failed: outgoing?.failed ?? [] };
  }

  knowledge(): Knowledge {
    return this.#shared.knowledge;
  }

  get shared(): Shared {
    return this.#shared;
  }

  get looking(): Looking {
    return this.#looking;
  }

  get applying(): Applying {
    return this.#applying;
  }

  /** Calls `listener` whenever something may have changed for those who wait; returns how to stop it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  readonly #waitingForApply = new Set<RelPath>();

  /** Paths that a batch is working on are looked at when it is done, others at once. */
  #lookAgain(paths: readonly RelPath[]): void {
    const now = paths.filter((path) => !this.#applying.isChanging(path));
    for (const path of paths) if (this.#applying.isChanging(path)) this.#waitingForApply.add(path);
    if (now.length > 0) this.#shared.effects.look(now.map(toLook));
  }

  /** What the policy has a say in is judged by the one that is in force. */
  #judge(): void {
    const { rows, table } = this.#shared;
    for (const page of pagesOf((after, limit) => rows.troubled(after, limit))) {
      this.#shared.transact(() => {
        for (const row of page) table.rederive(row);
      });
    }
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function toLook(path: RelPath): Look {
  return { path, scope: 'entry' };
}

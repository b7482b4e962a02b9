/**
 * A mapping's replica with its disk and its peers: turns the replica's effects into work of the disk workers, and the
 * answers back into calls of the replica.
 */
import { randomBytes } from 'node:crypto';
import { codeOf, messageOf } from '../../../util/errors.ts';
import type { SelectionRules } from '../../../util/selection.ts';
import { spent } from '../../../util/timings.ts';
import type { ApplyReport, Change } from '../apply/change.ts';
import type { NodeId, RelPath, Sha256 } from '../core/types.ts';
import { WORKER_CRASHED } from '../disk/errors.ts';
import type { DiskMapping } from '../disk/pool.ts';
import type { Look } from '../scan/observation.ts';
import { isStoreFailure } from '../store/failure.ts';
import type { AuditEvent, Store } from '../store/store.ts';
import type { Message } from '../wire/messages.ts';
import type { ContentTransfer } from './content-transfer.ts';
import { temporaryName } from './content/temporary-name.ts';
import type { Dots } from './dots.ts';
import type { Effects, FetchRequest } from './effects.ts';
import { forgetUnselected } from './forget-unselected.ts';
import type { LookJob } from './look-job.ts';
import { LookQueue, notAttached } from './look-queue.ts';
import { Replica } from './replica.ts';
import type { ReplacedVersion } from './second-looks.ts';
import type { ReplicaSettings } from './settings.ts';

export interface MappingEngineParts {
  readonly store: Store;
  readonly dots: Dots;
  readonly settings: ReplicaSettings;
  readonly transfer: Pick<ContentTransfer, 'fetch'>;
  /** Opens the mapping's root in the disk workers; rejects with a CsyncdError when it cannot be used. */
  readonly openDisk: () => Promise<DiskMapping>;
  /** The mapping's rules at the time when its root is opened. */
  selection(): SelectionRules;
  send(peer: NodeId, message: Message): void;
  canSend(peer: NodeId): boolean;
  wake(): void;
  audit(event: AuditEvent): void;
  rolledBack(): void;
  /** The mapping gave up what it was doing, and is detached: attached again it goes on from what the store holds. */
  failed(error: unknown): void;
  now(): number;
}

export class MappingEngine implements Effects {
  readonly replica: Replica;
  readonly #parts: MappingEngineParts;
  #disk: DiskMapping | null = null;
  #attached = new AbortController();
  readonly #looks: LookQueue;
  /** changes of the disk that are being made */
  readonly #batches = new Set<Promise<void>>();
  #paused = false;
  /** what is in memory may be half-way, after a failure of the store: it is made anew before the next attachment */
  #isBroken = false;
  #isFirstScanDone = false;

  constructor(parts: MappingEngineParts) {
    this.#parts = parts;
    this.replica = new Replica({
      store: parts.store,
      dots: parts.dots,
      settings: parts.settings,
      effects: this,
    });
    this.#looks = new LookQueue({
      replica: this.replica,
      disk: () => this.#disk,
      failed: (error) => {
        if (isStoreFailure(error)) this.fail(error);
      },
      now: () => parts.now(),
    });
  }

  get lastScan(): LookQueue['lastScan'] {
    return this.#looks.lastScan;
  }

  get disk(): DiskMapping | null {
    return this.#disk;
  }

  /** Opens the root, finishes or undoes what a kill interrupted, and takes part with the peers. */
  async attach(): Promise<void> {
    if (this.#disk !== null) return;
    // What the last attachment was doing would be taken for a kill's leavings, and be recorded after the next look.
    await this.drained();
    const disk = await this.#parts.openDisk();
    try {
      if (this.#isBroken) this.replica.renew();
      this.#isBroken = false;
      await forgetUnselected(this.replica.shared, this.#parts.selection());
      const intents = this.replica.shared.rows.intents();
      this.replica.recovered(intents, await disk.recover(intents));
    } catch (error) {
      this.#isBroken = true;
      await disk.close();
      throw error;
    }
    this.#attached = new AbortController();
    this.#disk = disk;
    this.#isFirstScanDone = false;
    if (!this.#paused) this.replica.attach();
  }

  detach(code: string, reason: string): void {
    this.replica.detach(code, reason);
    const disk = this.#disk;
    this.#disk = null;
    this.#attached.abort();
    this.#looks.giveUp();
    if (disk !== null) void disk.close();
  }

  /**
   * Whatever tells the replica something goes through here, `receive` or `ask`. What fails in it (a full disk under the
   * state directory, most of all) takes this mapping down, and no more: its transaction was taken back, and it is attached
   * again by whoever looks after it.
   */
  tell(body: (replica: Replica) => void): void {
    try {
      body(this.replica);
    } catch (error) {
      this.fail(error);
    }
  }

  /** The same for who waits for the answer: he is told of every failure, and the store's take the mapping down. */
  ask<T>(body: (replica: Replica) => T): T {
    try {
      return body(this.replica);
    } catch (error) {
      if (isStoreFailure(error)) this.fail(error);
      throw error;
    }
  }

  /** A peer's message; throws what the peer is to blame for. */
  receive(peer: NodeId, message: Message): void {
    try {
      this.ask((replica) => replica.receive(peer, message));
    } catch (error) {
      if (!isStoreFailure(error)) throw error;
    }
  }

  step(): void {
    this.tell((replica) => replica.step());
  }

  /** Whether there may be more to send to this peer. */
  pump(peer: NodeId): boolean {
    let more = false;
    this.tell((replica) => (more = replica.pump(peer)));
    return more;
  }

  /** Something that this mapping rests on failed: gives up what is under way, and says so. */
  fail(error: unknown): void {
    this.#isBroken = true;
    this.detach(codeOf(error) ?? 'failed', messageOf(error));
    this.#parts.failed(error);
  }

  /** Takes no new work; what is being applied is finished (`drained`). */
  halt(): void {
    this.replica.halt();
  }

  async drained(): Promise<void> {
    while (this.#batches.size > 0) await Promise.all(this.#batches);
  }

  /** A person's pause: changes on this disk are found when it ends. */
  pause(paused: boolean): void {
    this.#paused = paused;
    if (paused) this.replica.detach('paused', 'paused by an operator');
    else if (this.#disk !== null) {
      this.replica.attach();
      if (this.#isFirstScanDone) this.replica.scanned();
    }
  }

  get isPaused(): boolean {
    return this.#paused;
  }

  /** Looks at these places; resolves when what was found is recorded. Rejects when the scan broke off. */
  lookAt(looks: readonly Look[], reread = false): Promise<LookJob> {
    return this.#looks.add(looks, reread);
  }

  /** The whole tree; the replica goes live with the first one. */
  async scanAll(reread = false): Promise<LookJob> {
    const job = await this.lookAt([{ path: '' as Look['path'], scope: 'subtree' }], reread);
    this.#isFirstScanDone = true;
    if (!this.#paused && this.#disk !== null) this.tell((replica) => replica.scanned());
    return job;
  }

  now(): number {
    return this.#parts.now();
  }

  send(peer: NodeId, message: Message): void {
    this.#parts.send(peer, message);
  }

  canSend(peer: NodeId): boolean {
    return this.#parts.canSend(peer);
  }

  look(looks: readonly Look[]): void {
    // What breaks a look off breaks the orchestrator's next one off too, which tells; its places are looked at again then.
    this.lookAt(looks).catch(() => undefined);
  }

  apply(changes: readonly Change[]): void {
    const batch = this.#applied(changes).then((report) => {
      this.#batches.delete(batch);
      if (report !== null) this.tell((replica) => replica.applied(report));
    });
    this.#batches.add(batch);
  }

  lookAtReplaced(versions: readonly ReplacedVersion[]): void {
    const paths = new Map(versions.map(({ id, path }) => [id, path]));
    this.#disk?.secondLook(versions).then(
      (found) => {
        const raced = found.flatMap(({ id, edit }) => {
          const path = paths.get(id);
          return path === undefined ? [] : [{ id, edit, path }];
        });
        this.tell((replica) => replica.racedLate(raced));
      },
      // The backup holds the bytes, whatever is found out about them.
      () => undefined,
    );
  }

  fetch(request: FetchRequest): void {
    const { signal } = this.#attached;
    const { shared } = this.replica;
    void this.#parts.transfer.fetch(this.replica.shared.about, request, signal).then((result) => {
      // Who asked is forgotten when the replica was made anew meanwhile.
      if (shared !== this.replica.shared) return;
      this.tell((replica) => replica.fetched(request, signal.aborted ? { kind: 'aborted' } : result));
    });
  }

  discard(content: { readonly path: RelPath; readonly sha256: Sha256 }): void {
    // What cannot be removed now goes with the leftovers, after a week.
    this.#disk?.removeTemp(temporaryName(content)).catch(() => undefined);
  }

  wake(): void {
    this.#parts.wake();
  }

  audit(event: Omit<AuditEvent, 'group' | 'mapping'>): void {
    this.#parts.audit({ ...event, ...this.replica.shared.about });
  }

  backupId(): string {
    return `${this.now().toString(36)}-${randomBytes(6).toString('hex')}`;
  }

  rolledBack(): void {
    this.#parts.rolledBack();
  }

  /** null when nobody knows what was done of it: that is found out as after a kill. */
  async #applied(changes: readonly Change[]): Promise<ApplyReport | null> {
    const disk = this.#disk;
    try {
      if (disk === null) throw notAttached();
      const report = await disk.apply(changes);
      spent('stage', report.stageMs);
      spent('flush', report.flushMs);
      spent('place', report.placeMs);
      return report;
    } catch (error) {
      if (codeOf(error) === WORKER_CRASHED) {
        this.#isBroken = true;
        if (this.#disk === disk) this.fail(error);
        return null;
      }
      const outcome = { kind: 'failed', code: codeOf(error) ?? 'failed', message: messageOf(error) } as const;
      const results = changes.map(({ path }) => ({ path, outcome, parents: [] }));
      return { results, stageMs: 0, flushMs: 0, placeMs: 0 };
    }
  }
}

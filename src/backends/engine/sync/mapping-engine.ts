/**
 * A mapping's replica with its disk and its peers: turns the replica's effects into work of the disk workers, and the
 * answers back into calls of the replica. Looks run one at a time, so that what is found is judged in order.
 */
import { randomBytes } from 'node:crypto';
import { codeOf, CsyncdError, messageOf } from '../../../util/errors.ts';
import type { SelectionRules } from '../../../util/selection.ts';
import { spent } from '../../../util/timings.ts';
import type { ApplyReport, Change } from '../apply/change.ts';
import type { NodeId, RelPath, Sha256 } from '../core/types.ts';
import type { DiskMapping } from '../disk/pool.ts';
import type { Look } from '../scan/observation.ts';
import type { AuditEvent, Store } from '../store/store.ts';
import type { Message } from '../wire/messages.ts';
import type { ContentTransfer } from './content-transfer.ts';
import { temporaryName } from './content/temporary-name.ts';
import type { Dots } from './dots.ts';
import type { Effects, FetchRequest } from './effects.ts';
import { forgetUnselected } from './forget-unselected.ts';
import { LookJob } from './look-job.ts';
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
  now(): number;
}

interface QueuedLook {
  readonly looks: readonly Look[];
  /** read every file's content again, whatever its stat identity says */
  readonly reread: boolean;
  readonly done: PromiseWithResolvers<LookJob>;
}

export class MappingEngine implements Effects {
  readonly replica: Replica;
  readonly #parts: MappingEngineParts;
  #disk: DiskMapping | null = null;
  #attached = new AbortController();
  #queue: QueuedLook[] = [];
  #looking = false;
  #paused = false;
  #isFirstScanDone = false;
  lastScan: { readonly time: number; readonly ms: number; readonly entries: number } | null = null;

  constructor(parts: MappingEngineParts) {
    this.#parts = parts;
    this.replica = new Replica({
      store: parts.store,
      dots: parts.dots,
      settings: parts.settings,
      effects: this,
    });
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
      await forgetUnselected(this.replica.shared, this.#parts.selection());
      const intents = this.replica.shared.rows.intents();
      this.replica.recovered(intents, await disk.recover(intents));
    } catch (error) {
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
    for (const { looks, reread, done } of this.#queue.splice(0)) {
      this.replica.lookFailed(new LookJob(looks, reread));
      done.reject(notAttached());
    }
    if (disk !== null) void disk.close();
  }

  /** Takes no new work; what is being applied is finished (`drained`). */
  halt(): void {
    this.replica.halt();
  }

  drained(): Promise<void> {
    if (this.replica.isQuiet()) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = this.replica.onChange(() => {
        if (!this.replica.isQuiet()) return;
        stop();
        resolve();
      });
    });
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
    const done = Promise.withResolvers<LookJob>();
    this.#queue.push({ looks, reread, done });
    void this.#runLooks();
    return done.promise;
  }

  /** The whole tree; the replica goes live with the first one. */
  async scanAll(reread = false): Promise<LookJob> {
    const job = await this.lookAt([{ path: '' as Look['path'], scope: 'subtree' }], reread);
    this.#isFirstScanDone = true;
    if (!this.#paused && this.#disk !== null) this.replica.scanned();
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
    void this.#applied(changes).then((report) => this.replica.applied(report));
  }

  lookAtReplaced(versions: readonly ReplacedVersion[]): void {
    const paths = new Map(versions.map(({ id, path }) => [id, path]));
    this.#disk?.secondLook(versions).then(
      (found) =>
        this.replica.racedLate(
          found.flatMap(({ id, edit }) => {
            const path = paths.get(id);
            return path === undefined ? [] : [{ id, edit, path }];
          }),
        ),
      // The backup holds the bytes, whatever is found out about them.
      () => undefined,
    );
  }

  fetch(request: FetchRequest): void {
    const { signal } = this.#attached;
    void this.#parts.transfer
      .fetch(this.replica.shared.about, request, signal)
      .then((result) => this.replica.fetched(request, signal.aborted ? { kind: 'aborted' } : result));
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

  async #applied(changes: readonly Change[]): Promise<ApplyReport> {
    try {
      if (this.#disk === null) throw notAttached();
      const report = await this.#disk.apply(changes);
      spent('stage', report.stageMs);
      spent('flush', report.flushMs);
      spent('place', report.placeMs);
      return report;
    } catch (error) {
      const outcome = { kind: 'failed', code: codeOf(error) ?? 'failed', message: messageOf(error) } as const;
      const results = changes.map(({ path }) => ({ path, outcome, parents: [] }));
      return { results, stageMs: 0, flushMs: 0, placeMs: 0 };
    }
  }

  async #runLooks(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift())
      await this.#runLook(next);
    this.#looking = false;
  }

  async #runLook({ looks, reread, done }: QueuedLook): Promise<void> {
    const job = new LookJob(looks, reread);
    const disk = this.#disk;
    const started = performance.now();
    try {
      if (disk === null) throw notAttached();
      const report = await disk.scan(looks, { reread }, (observations) => {
        if (this.#disk === disk) this.replica.observed(job, observations);
      });
      spent('scan', report.walkMs);
      spent('hash', report.hashMs);
      // RACE: detached, and perhaps attached again, while it ran: it looked at another root, or at what is not to be trusted.
      if (this.#disk !== disk) throw notAttached();
      this.replica.looked(job);
      if (job.isFull)
        this.lastScan = { time: this.now(), ms: performance.now() - started, entries: report.entries };
      done.resolve(job);
    } catch (error) {
      this.replica.lookFailed(job);
      done.reject(error instanceof Error ? error : new Error(messageOf(error)));
    }
  }
}

function notAttached(): CsyncdError {
  return new CsyncdError('detached', 'the directory is not attached');
}

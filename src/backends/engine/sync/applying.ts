/**
 * Brings the disk to what the rows want: plans changes, gets contents, runs batches, and records what came of them.
 * Work is never queued persistently; it is found again from the rows (`pending`) after a restart.
 */
import type { ApplyReport, ChangeResult } from '../apply/change.ts';
import type { Applied, NodeId, RelPath, Value } from '../core/types.ts';
import { isLive } from '../core/value.ts';
import type { StoredRow } from '../store/store.ts';
import type { RowUpdate } from '../wire/messages.ts';
import { inOrder } from './batch-order.ts';
import { Blocking } from './blocking.ts';
import { DiskTrouble, isDiskTrouble } from './disk-trouble.ts';
import type { FetchRequest, Fetched } from './effects.ts';
import { Fetching } from './fetching.ts';
import { Outcomes, type Counters, type Planned } from './outcomes.ts';
import { plannedBackup } from './planned-backup.ts';
import { plan, type Plan } from './planning.ts';
import { SecondLooks, type ReplacedVersion } from './second-looks.ts';
import type { Shared } from './shared.ts';
import { WorkList } from './work-list.ts';

const BATCH_CHANGES = 1000;
const BATCH_BYTES = 16 * 1024 * 1024;
const BATCHES_IN_FLIGHT = 2;

type ChangePlan = Extract<Plan, { kind: 'change' }>;

export class Applying {
  readonly #shared: Shared;
  readonly #fetching: Fetching;
  readonly #blocking: Blocking;
  /** paths that a batch, a fetch or a look is working on */
  readonly #busy = new Map<RelPath, 'applying' | 'fetching' | 'looking'>();
  readonly #planned = new Map<RelPath, Planned>();
  readonly #work: WorkList;
  #batches = 0;
  #lastBatch = 0;
  #isRunning = false;
  readonly disk: DiskTrouble;
  readonly counters: Counters = { raced: 0, stale: 0, retired: 0, corrupt: 0, moved: 0, applied: 0 };
  /** backups that did not hold what they are listed as */
  readonly #spoiled = new Set<string>();
  readonly #outcomes: Outcomes;
  readonly #secondLooks = new SecondLooks();

  constructor(shared: Shared, peers: () => NodeId[]) {
    this.#shared = shared;
    this.disk = new DiskTrouble(shared);
    this.#work = new WorkList(shared.rows);
    this.#fetching = new Fetching(shared, peers);
    this.#blocking = new Blocking(shared, (path) => this.#work.add(path));
    this.#outcomes = new Outcomes(shared, this.counters);
  }

  run(): void {
    this.#isRunning = true;
    this.#work.startOver();
    this.#blocking.tryAll(null);
    this.#shared.effects.wake();
  }

  /** No new batches; those in flight come back. */
  halt(): void {
    this.#isRunning = false;
  }

  isChanging(path: RelPath): boolean {
    return this.#busy.get(path) === 'applying';
  }

  /** A row wants something of the disk. */
  pending(row: StoredRow): void {
    this.#work.pending(row);
    this.#shared.effects.wake();
  }

  joined(updates: readonly RowUpdate[], sender: NodeId): void {
    this.#fetching.heard(updates, sender);
  }

  /** A look at this path is over: it may be planned again. */
  lookedAt(path: RelPath): void {
    if (this.#busy.get(path) !== 'looking') return;
    this.#release(path);
  }

  /** A peer that may hold what others did not came. */
  sourceCame(): void {
    this.#blocking.tryAll('waiting-content');
    this.#shared.effects.wake();
  }

  /** What a kill left unrecorded: the disk holds this version of the row. */
  found(stored: StoredRow, now: Applied): void {
    this.#outcomes.recovered(stored, now);
  }

  /** A local writer changed the old file while, or after, it was replaced: that is an edit of what he had opened. */
  raced(path: RelPath, backupId: string, edit: Value): void {
    this.#outcomes.raced(path, backupId, edit);
    this.#shared.effects.wake();
  }

  /** These were replaced, and nobody knows yet whether they were written to meanwhile. */
  lookAtReplaced(versions: readonly ReplacedVersion[]): void {
    for (const { id, path, value } of versions)
      this.#secondLooks.add({ id, path, value }, this.#shared.effects.now());
  }

  step(): void {
    const now = this.#shared.effects.now();
    const replaced = this.#secondLooks.takeDue(now);
    if (replaced.length > 0) this.#shared.effects.lookAtReplaced(replaced);
    if (!this.#isRunning || this.disk.isPaused(now)) return;
    if (this.#blocking.step(now, this.#work.size < BATCH_CHANGES)) this.#shared.effects.wake();
    while (this.#batches < BATCHES_IN_FLIGHT) {
      const plans = this.#gather();
      if (plans.length === 0) break;
      this.#dispatch(plans);
    }
    if (this.#busy.size === 0) this.disk.passed();
  }

  nextDue(): number | null {
    if (!this.#isRunning) return null;
    const work = this.disk.pausedUntil ?? this.#blocking.nextDue();
    const dues = [work, this.#secondLooks.nextDue()].filter((due) => due !== null);
    return dues.length === 0 ? null : Math.min(...dues);
  }

  applied(report: ApplyReport): void {
    this.#batches -= 1;
    this.#shared.transact(() => {
      for (const batch of new Set(report.results.map(({ path }) => this.#planned.get(path)?.batch)))
        if (batch !== undefined) this.#shared.rows.deleteIntents(batch);
      for (const result of report.results) this.#record(result);
      for (const { path } of report.results) {
        const moved = this.#planned.get(path)?.plan.movedFrom ?? null;
        this.#planned.delete(path);
        if (this.#busy.get(path) === 'applying') this.#release(path);
        if (moved !== null) this.#release(moved);
      }
    });
    if (report.results.some(({ outcome }) => outcome.kind === 'done')) this.disk.passed();
    this.#shared.effects.wake();
  }

  fetched(request: FetchRequest, result: Fetched): void {
    const { path } = request;
    if (this.#busy.get(path) === 'fetching') this.#busy.delete(path);
    if (this.#fetching.answered(request, result)) {
      if (result.kind === 'unavailable') this.#blocking.block(path, 'waiting-content', result.reason);
      else if (result.kind !== 'failed') this.#blocking.tryAgain(path);
      else if (isDiskTrouble(result.code)) this.#pauseForDisk(path, result.code, result.message);
      else this.#blocking.block(path, result.code, result.message);
    }
    this.#work.add(path);
    this.#shared.effects.wake();
  }

  /** Plans until a batch is full; parents before children, removals after all else and children first. */
  #gather(): ChangePlan[] {
    const plans: ChangePlan[] = [];
    let bytes = 0;
    for (const row of this.#work.take(this.#fetching.room)) {
      const made = this.#plan(row);
      if (made === null) continue;
      plans.push(made);
      if (made.change.content.kind === 'inline') bytes += made.change.content.bytes.length;
      if (plans.length >= BATCH_CHANGES || bytes >= BATCH_BYTES) break;
    }
    return plans;
  }

  /** Starts a fetch, or returns the change to make; null when there is nothing to do now. */
  #plan(row: StoredRow): ChangePlan | null {
    const { path } = row;
    if (this.#busy.has(path)) return null;
    this.#fetching.dropStale(path);
    if (!row.pending) this.#blocking.settled(path);
    if (!row.pending || !this.#blocking.mayTry(row)) return null;
    const made = plan(row, {
      rows: this.#shared.rows,
      contents: this.#shared.contents,
      fetched: (of, sha256) => this.#fetching.held(of, sha256),
      isBusy: (other) => this.#busy.has(other),
      isSpoiled: (id) => this.#spoiled.has(id),
      wanted: (stored) => this.#shared.table.wanted(stored),
      backupId: () => this.#shared.effects.backupId(),
    });
    if (made === null) return null;
    if (made.kind === 'change') {
      this.#blocking.trying(path);
      this.#busy.set(path, 'applying');
      if (made.movedFrom !== null) this.#busy.set(made.movedFrom, 'applying');
      this.#planned.set(path, { plan: made, before: row.applied, batch: this.#lastBatch + 1 });
      return made;
    }
    if (this.#fetching.room > 0) {
      this.#blocking.trying(path);
      this.#busy.set(path, 'fetching');
      this.#fetching.ask(path, made);
    } else this.#work.waitForRoom(path);
    return null;
  }

  #dispatch(plans: readonly ChangePlan[]): void {
    this.#batches += 1;
    this.#lastBatch += 1;
    const changes = inOrder(plans.map((one) => one.change));
    this.#shared.transact(() => {
      this.#shared.rows.addIntents(
        this.#lastBatch,
        plans.map(({ change: { path, backupId }, want }) => ({ path, backupId, wanted: want })),
      );
      for (const { change } of plans) {
        const planned = this.#planned.get(change.path);
        const backup = planned === undefined ? null : plannedBackup(this.#shared, planned);
        if (backup !== null) this.#shared.rows.addBackup(backup);
      }
    });
    this.#shared.effects.apply(changes);
  }

  #record(result: ChangeResult): void {
    const { rows, table } = this.#shared;
    const planned = this.#planned.get(result.path);
    if (planned === undefined) return;
    // What could not be placed is kept: it is not fetched again for each try.
    const isUsed = result.outcome.kind !== 'failed' && result.outcome.kind !== 'stale';
    if (isUsed) this.#fetching.used(result.path);
    const { change } = planned.plan;
    for (const parent of result.parents) {
      const stored = table.get(parent.path);
      if (stored.applied === null || !isLive(stored.applied.value))
        table.setApplied(stored, { value: parent.value, dots: [], identity: parent.identity });
    }
    const { outcome } = result;
    const keptBackup = outcome.kind === 'raced' || ('backedUp' in outcome && outcome.backedUp);
    if (change.backupId !== null && !keptBackup) rows.deleteBackup(change.backupId);
    switch (outcome.kind) {
      case 'done':
        this.#succeeded(change.path);
        this.#outcomes.done(planned, outcome.identity, outcome.backedUp);
        if (outcome.backedUp) this.#secondLooks.changed(change, this.#shared.effects.now());
        return;
      case 'raced':
        this.#succeeded(change.path);
        // What was replaced is superseded by the edit, not put away.
        this.#outcomes.done(planned, outcome.identity, false);
        if (change.backupId !== null) this.raced(change.path, change.backupId, outcome.edit);
        return;
      case 'stale':
        this.counters.stale += 1;
        this.#stale(planned.plan);
        return;
      case 'corrupt':
        this.counters.corrupt += 1;
        if (change.content.kind === 'backup') this.#spoiled.add(change.content.id);
        this.#blocking.block(
          change.path,
          'waiting-content',
          'what was received did not have the announced content; it is fetched again',
        );
        return;
      case 'failed':
        if (outcome.left !== undefined) this.#outcomes.left(change.path, outcome.left);
        if (isDiskTrouble(outcome.code)) this.#pauseForDisk(change.path, outcome.code, outcome.message);
        else this.#blocking.block(change.path, outcome.code, outcome.message);
    }
  }

  /** Somebody wrote there: what he wrote is taken up first. A path that never holds still is tried less and less often. */
  #stale({ change, movedFrom }: ChangePlan): void {
    const { path } = change;
    if (this.#blocking.stale(path)) this.#busy.set(path, 'looking');
    else
      this.#blocking.block(path, 'hot', 'keeps being changed here while a newer version waits to be applied');
    for (const place of [path, movedFrom])
      if (place !== null) this.#shared.effects.look([{ path: place, scope: 'entry' }]);
  }

  #succeeded(path: RelPath): void {
    this.#blocking.settled(path);
    this.#fetching.settled(path);
  }

  /** It stays as it is: not blocked, for it is the disk that is. */
  #pauseForDisk(path: RelPath, code: string, message: string): void {
    this.disk.failed(code, message);
    this.#work.startOver();
    this.#blocking.tryAgain(path);
  }

  #release(path: RelPath): void {
    this.#busy.delete(path);
    const stored = this.#shared.rows.get(path);
    if (stored?.pending === true && this.#blocking.mayTry(stored)) this.#work.add(path);
  }
}

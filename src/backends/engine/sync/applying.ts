/**
 * Brings the disk to what the rows want: plans changes, gets contents, runs batches, and records what came of them.
 * Work is never queued persistently; it is found again from the rows (`pending`) after a restart.
 */
import type { ApplyReport, Change, ChangeResult } from '../apply/change.ts';
import { isConflict } from '../core/policy.ts';
import type { Applied, NodeId, RelPath, Sha256, Value } from '../core/types.ts';
import { isLive } from '../core/value.ts';
import type { StoredRow } from '../store/store.ts';
import type { RowUpdate } from '../wire/messages.ts';
import type { FetchRequest, Fetched } from './effects.ts';
import { authorOf, Outcomes, type Counters, type Planned } from './outcomes.ts';
import { plan, type Plan } from './planning.ts';
import { Retries } from './retries.ts';
import { SecondLooks, type ReplacedVersion } from './second-looks.ts';
import type { Shared } from './shared.ts';

const BATCH_CHANGES = 1000;
const BATCH_BYTES = 16 * 1024 * 1024;
const BATCHES_IN_FLIGHT = 2;
const FETCHES_IN_FLIGHT = 1024;
const MOST_UNBLOCKED = 10_000;
/** Changes that found somebody's edit in their way, before the path counts as hot. */
const STALE_AT_ONCE = 3;
/** A full or read-only disk is tried again after this many ms. */
const DISK_PAUSE = 5000;
const DISK_CODES = new Set(['ENOSPC', 'EDQUOT', 'EROFS']);

type ChangePlan = Extract<Plan, { kind: 'change' }>;
type Usable = Extract<Fetched, { kind: 'inline' | 'staged' }>;

export class Applying {
  readonly #shared: Shared;
  readonly #candidates: (path: RelPath) => NodeId[];
  /** paths that a batch, a fetch or a look is working on */
  readonly #busy = new Map<RelPath, 'applying' | 'fetching' | 'looking'>();
  readonly #planned = new Map<RelPath, Planned>();
  readonly #fetched = new Map<RelPath, { sha256: Sha256; content: Usable }>();
  /** who told us of a version last: has its content */
  readonly #sources = new Map<RelPath, NodeId>();
  /** rows to plan whose sequence the cursor has passed */
  readonly #todo = new Set<RelPath>();
  /** blocked rows that are tried again: they stay blocked for everybody until that succeeds */
  readonly #retrying = new Set<RelPath>();
  readonly #retries = new Retries();
  #cursor = 0;
  #batches = 0;
  #isRunning = false;
  #diskFullUntil: number | null = null;
  /** the last reason why nothing could be written; null when it can */
  diskProblem: { readonly code: string; readonly message: string } | null = null;
  readonly counters: Counters = { raced: 0, stale: 0, retired: 0, corrupt: 0, moved: 0, applied: 0 };
  readonly #outcomes: Outcomes;
  readonly #secondLooks = new SecondLooks();

  constructor(shared: Shared, candidates: (path: RelPath) => NodeId[]) {
    this.#shared = shared;
    this.#candidates = candidates;
    this.#outcomes = new Outcomes(shared, this.counters);
  }

  run(): void {
    this.#isRunning = true;
    this.#cursor = 0;
    for (const row of this.#shared.rows.blocked(null, MOST_UNBLOCKED))
      if (row.blocked !== null && row.blocked.code !== 'local-edit') this.#unblock(row.path);
    this.#shared.effects.wake();
  }

  /** No new batches; those in flight come back. */
  halt(): void {
    this.#isRunning = false;
  }

  isIdle(): boolean {
    return this.#batches === 0;
  }

  isChanging(path: RelPath): boolean {
    return this.#busy.get(path) === 'applying';
  }

  /** A row wants something of the disk. */
  pending(row: StoredRow): void {
    if (row.seq === 0 || row.seq <= this.#cursor) this.#todo.add(row.path);
    this.#shared.effects.wake();
  }

  joined(updates: readonly RowUpdate[], sender: NodeId): void {
    for (const update of updates) {
      if (update.content !== null) this.#shared.contents.add(update.content);
      if (this.#sources.size < 100_000) this.#sources.set(update.path, sender);
    }
  }

  /** A look at this path is over: it may be planned again. */
  lookedAt(path: RelPath): void {
    if (this.#busy.get(path) !== 'looking') return;
    this.#release(path);
  }

  /** A peer that may hold what others did not came. */
  sourceCame(): void {
    for (const row of this.#shared.rows.blocked(null, MOST_UNBLOCKED)) {
      if (row.blocked?.code === 'waiting-content') this.#unblock(row.path);
    }
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
    if (this.#diskFullUntil !== null && this.#diskFullUntil > now) return;
    this.#diskFullUntil = null;
    for (const path of this.#retries.takeDue(now)) this.#tryAgain(path);
    while (this.#isRunning && this.#batches < BATCHES_IN_FLIGHT) {
      const plans = this.#gather();
      if (plans.length === 0) return;
      this.#dispatch(plans);
    }
  }

  nextDue(): number | null {
    if (!this.#isRunning) return null;
    const dues = [this.#retries.nextDue(), this.#diskFullUntil, this.#secondLooks.nextDue()].filter(
      (due) => due !== null,
    );
    return dues.length === 0 ? null : Math.min(...dues);
  }

  applied(report: ApplyReport): void {
    this.#batches -= 1;
    this.#shared.transact(() => {
      for (const result of report.results) this.#record(result);
      for (const { path } of report.results) {
        const moved = this.#planned.get(path)?.plan.movedFrom ?? null;
        this.#planned.delete(path);
        if (this.#busy.get(path) === 'applying') this.#release(path);
        if (moved !== null) this.#release(moved);
      }
    });
    this.#shared.effects.wake();
  }

  fetched(request: FetchRequest, result: Fetched): void {
    if (this.#busy.get(request.path) === 'fetching') this.#busy.delete(request.path);
    if (!this.#wants(request.path, request.sha256)) {
      this.#shared.effects.discard(request);
      this.#todo.add(request.path);
      return this.#shared.effects.wake();
    }
    if (result.kind === 'inline' || result.kind === 'staged') {
      this.#fetched.set(request.path, { sha256: request.sha256, content: result });
      this.#tryAgain(request.path);
    }
    if (result.kind === 'failed' && DISK_CODES.has(result.code))
      this.#pauseForDisk(request.path, result.code, result.message);
    else if (result.kind === 'failed') this.#block(request.path, result.code, result.message);
    if (result.kind === 'unavailable') this.#block(request.path, 'waiting-content', result.reason);
    this.#todo.add(request.path);
    this.#shared.effects.wake();
  }

  /** Whether this content is still what a path is to hold. */
  #wants(path: RelPath, sha256: Sha256): boolean {
    const stored = this.#shared.rows.get(path);
    const want = stored?.pending === true ? this.#shared.table.wanted(stored) : null;
    return want?.kind === 'value' && want.value.kind === 'file' && want.value.sha256 === sha256;
  }

  /** What was fetched for a version that is not wanted any more. */
  #dropStaleFetch(path: RelPath): void {
    const held = this.#fetched.get(path);
    if (held === undefined || this.#busy.has(path) || this.#wants(path, held.sha256)) return;
    this.#fetched.delete(path);
    this.#shared.effects.discard({ path, sha256: held.sha256 });
  }

  /** Plans until a batch is full; parents before children, removals after all else and children first. */
  #gather(): ChangePlan[] {
    const plans: ChangePlan[] = [];
    let bytes = 0;
    const isFull = (): boolean => plans.length >= BATCH_CHANGES || bytes >= BATCH_BYTES;
    const consider = (row: StoredRow | null): void => {
      const made = row === null ? null : this.#plan(row);
      if (made === null) return;
      plans.push(made);
      if (made.change.content.kind === 'inline') bytes += made.change.content.bytes.length;
    };
    for (const path of this.#todo) {
      if (isFull()) break;
      this.#todo.delete(path);
      consider(this.#shared.rows.get(path));
    }
    while (!isFull() && this.#fetching() < FETCHES_IN_FLIGHT) {
      const rows = this.#shared.rows.pending(this.#cursor, 256);
      if (rows.length === 0) break;
      for (const row of rows) {
        if (isFull()) break;
        this.#cursor = row.seq;
        consider(row);
      }
    }
    return plans;
  }

  #fetching(): number {
    return this.#busy.size - this.#planned.size;
  }

  /** Starts a fetch, or returns the change to make; null when there is nothing to do now. */
  #plan(row: StoredRow): ChangePlan | null {
    this.#dropStaleFetch(row.path);
    if (!row.pending || this.#busy.has(row.path)) return null;
    if (row.blocked !== null && !this.#retrying.delete(row.path)) return null;
    const made = plan(row, {
      rows: this.#shared.rows,
      contents: this.#shared.contents,
      fetched: (path, sha256) => {
        const held = this.#fetched.get(path);
        return held?.sha256 === sha256 ? held.content : null;
      },
      isBusy: (path) => this.#busy.has(path),
      wanted: (stored) => this.#shared.table.wanted(stored),
      backupId: () => this.#shared.effects.backupId(),
    });
    if (made === null) return null;
    if (made.kind === 'change') {
      this.#busy.set(row.path, 'applying');
      if (made.movedFrom !== null) this.#busy.set(made.movedFrom, 'applying');
      this.#planned.set(row.path, { plan: made, before: row.applied });
      return made;
    }
    const source = this.#sources.get(row.path);
    const candidates = this.#candidates(row.path);
    if (source !== undefined && candidates.includes(source))
      candidates.sort((a, b) => Number(b === source) - Number(a === source));
    this.#busy.set(row.path, 'fetching');
    this.#shared.effects.fetch({
      path: row.path,
      sha256: made.sha256,
      size: made.size,
      base: made.base,
      candidates,
    });
    return null;
  }

  #dispatch(plans: readonly ChangePlan[]): void {
    this.#batches += 1;
    const changes = inOrder(plans.map((one) => one.change));
    this.#shared.transact(() => {
      for (const { change, want } of plans) {
        this.#shared.rows.addIntent({ path: change.path, backupId: change.backupId, wanted: want });
        if (change.backupId === null || change.from === null) continue;
        const before = this.#planned.get(change.path)?.before;
        this.#shared.rows.addBackup({
          id: change.backupId,
          path: change.path,
          time: this.#shared.effects.now(),
          value: change.from,
          dots: before?.dots ?? [],
          node: authorOf(want) ?? this.#shared.settings.node,
          reason: this.#backupReason(change),
        });
      }
    });
    this.#shared.effects.apply(changes);
  }

  #backupReason(change: Change): 'replaced' | 'deleted' | 'conflict' | 'reverted' {
    const { row, applied } = this.#shared.table.get(change.path);
    if (applied !== null && applied.dots.length === 0) return 'reverted';
    if (isConflict(row)) return 'conflict';
    return isLive(change.to) ? 'replaced' : 'deleted';
  }

  #record(result: ChangeResult): void {
    const { rows, table } = this.#shared;
    const planned = this.#planned.get(result.path);
    rows.deleteIntent(result.path);
    if (planned === undefined) return;
    // What could not be placed is kept: it is not fetched again for each try.
    const isUsed = result.outcome.kind !== 'failed' && result.outcome.kind !== 'stale';
    if (isUsed) this.#fetched.delete(result.path);
    const { change } = planned.plan;
    for (const parent of result.parents) {
      const stored = table.get(parent.path);
      if (stored.applied === null || !isLive(stored.applied.value))
        table.setApplied(stored, { value: parent.value, dots: [], identity: parent.identity });
    }
    const { outcome } = result;
    const keptBackup = outcome.kind === 'raced' || (outcome.kind === 'done' && outcome.backedUp);
    if (change.backupId !== null && !keptBackup) rows.deleteBackup(change.backupId);
    switch (outcome.kind) {
      case 'done':
        this.#succeeded(change.path);
        this.#outcomes.done(planned, outcome.identity, outcome.backedUp);
        if (outcome.backedUp) this.#lookAgainLater(change);
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
        this.#block(
          change.path,
          'waiting-content',
          'what was received did not have the announced content; it is fetched again',
        );
        return;
      case 'failed':
        if (DISK_CODES.has(outcome.code)) this.#pauseForDisk(change.path, outcome.code, outcome.message);
        else this.#block(change.path, outcome.code, outcome.message);
    }
  }

  /** Somebody wrote there: what he wrote is taken up first. A path that never holds still is tried less and less often. */
  #stale({ change, movedFrom }: ChangePlan): void {
    const { effects } = this.#shared;
    if (this.#retries.tries(change.path) >= STALE_AT_ONCE) {
      this.#block(change.path, 'hot', 'keeps being changed here while a newer version waits to be applied');
    } else {
      this.#retries.failed(change.path, Infinity);
      this.#tryAgain(change.path);
      this.#busy.set(change.path, 'looking');
    }
    for (const path of [change.path, movedFrom]) if (path !== null) effects.look([{ path, scope: 'entry' }]);
  }

  /** What was deleted is not brought back by who goes on writing to it: it stays in the backup. */
  #lookAgainLater({ backupId, path, from, to }: Change): void {
    if (backupId === null || from?.kind !== 'file' || !isLive(to)) return;
    this.#secondLooks.add({ id: backupId, path, value: from }, this.#shared.effects.now());
  }

  #succeeded(path: RelPath): void {
    this.#retries.succeeded(path);
    this.#sources.delete(path);
    this.diskProblem = null;
  }

  #block(path: RelPath, code: string, message: string): void {
    const { rows, table, effects } = this.#shared;
    const stored = rows.get(path);
    if (stored === null || !stored.pending) return;
    const now = effects.now();
    this.#retries.failed(path, now);
    const isNews = stored.blocked?.code !== code;
    this.#shared.transact(() => {
      table.setBlocked(stored, { code, message, since: stored.blocked?.since ?? now });
    });
    if (!isNews) return;
    effects.audit({
      time: now,
      path,
      what: 'blocked',
      node: this.#shared.settings.node,
      result: `${code}: ${message}`,
    });
  }

  #tryAgain(path: RelPath): void {
    if (this.#shared.rows.get(path)?.blocked == null) return;
    this.#retrying.add(path);
    this.#todo.add(path);
  }

  #unblock(path: RelPath): void {
    const stored = this.#shared.rows.get(path);
    if (stored === null || stored.blocked === null) return;
    this.#shared.transact(() => {
      this.#shared.table.setBlocked(stored, null);
    });
    this.#todo.add(path);
  }

  #pauseForDisk(path: RelPath, code: string, message: string): void {
    // What was blocked before is not among the rows that are gone through again.
    if (this.#shared.rows.get(path)?.blocked != null) this.#retries.failed(path, this.#shared.effects.now());
    const { effects, settings } = this.#shared;
    if (this.diskProblem === null) {
      effects.audit({
        time: effects.now(),
        path: '',
        what: 'disk-trouble',
        node: settings.node,
        result: message,
      });
    }
    this.diskProblem = { code, message };
    this.#diskFullUntil = this.#shared.effects.now() + DISK_PAUSE;
    this.#cursor = 0;
  }

  #release(path: RelPath): void {
    this.#busy.delete(path);
    const stored = this.#shared.rows.get(path);
    if (stored?.pending === true && (stored.blocked === null || this.#retrying.has(path)))
      this.#todo.add(path);
  }
}

function inOrder(changes: readonly Change[]): Change[] {
  const removals = changes.filter((change) => !isLive(change.to)).sort((a, b) => compare(b.path, a.path));
  const others = changes.filter((change) => isLive(change.to)).sort((a, b) => compare(a.path, b.path));
  return [...others, ...removals];
}

function compare(a: RelPath, b: RelPath): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Takes up what scans found: local edits become rows, everything else refreshes what is known of the disk. */
import type { Look, Observation } from '../scan/observation.ts';
import type { Applied, RelPath, Value } from '../core/types.ts';
import { ABSENT, isLive, sameContent } from '../core/value.ts';
import type { Intent, StoredRow } from '../store/store.ts';
import { isFull, LookJob, type Removal, type Verdict } from './look-job.ts';
import { OwnWork } from './own-work.ts';
import { isAsTold, keepLocalEdit, LOCAL_EDIT } from './receiving.ts';
import { Retries } from './retries.ts';
import type { Shared } from './shared.ts';

const CORRUPT = 'corrupt';

type Present = Extract<Observation, { kind: 'present' }>;

export interface Held {
  readonly deletions: number;
  readonly files: number;
}

export interface LookingEvents {
  /** A batch is working on it: what the disk shows is neither old nor new. */
  isChanging(path: RelPath): boolean;
  /** A change that a kill interrupted had been made: the disk holds this version of the row. */
  recovered(stored: StoredRow, now: Applied): void;
}

export class Looking {
  readonly #shared: Shared;
  readonly #events: LookingEvents;
  /** files that kept changing while they were read, and paths that could not be read */
  readonly hot = new Map<
    RelPath,
    { readonly since: number; readonly code: string; readonly message: string }
  >();
  readonly #ownWork: OwnWork;
  readonly #retries = new Retries();
  /** for the next scan of the whole tree */
  #verdict: Verdict = 'guard';
  held: Held | null = null;

  constructor(shared: Shared, events: LookingEvents) {
    this.#shared = shared;
    this.#events = events;
    this.#ownWork = new OwnWork(shared.table);
  }

  /** Whether the next full scan takes deletions as they are, or puts the files back (a person's decision). */
  decide(verdict: 'approved' | 'rejected'): void {
    this.#verdict = verdict;
    this.held = null;
  }

  interrupted(intents: readonly Intent[]): void {
    this.#ownWork.interrupted(intents);
  }

  /** A scan that starts now. A decision is for one that starts after it: what ran by then has remembered too little. */
  begin(looks: readonly Look[], reread = false): LookJob {
    if (!isFull(looks)) return new LookJob(looks, reread);
    const verdict = this.#verdict;
    this.#verdict = 'guard';
    return new LookJob(looks, reread, verdict);
  }

  observed(job: LookJob, observations: readonly Observation[]): void {
    this.#shared.transact(() => {
      for (const observation of observations) this.#take(job, observation);
    });
  }

  /** The job's scan is over: its deletions are judged. */
  finished(job: LookJob): void {
    for (const [path, { code }] of this.hot) {
      // What only a look at the content found, only a look at the content can find mended.
      if (code === CORRUPT && !job.reread) continue;
      if (!job.unread.has(path) && job.covers(path)) this.#settled(path);
    }
    const count = job.goneFiles;
    const { files } = this.#shared.rows.totals();
    for (const { path } of job.looks) if (!job.unread.has(path)) this.#retries.succeeded(path);
    if (job.verdict === 'guard' && count > this.#mostGone()) {
      if (this.held === null) this.#auditHeld(`${count} of ${files} files are gone from this disk`);
      this.held = { deletions: count, files };
      return;
    }
    if (job.isFull) this.held = null;
    this.#shared.transact(() => {
      for (const removal of job.removals) this.#takeRemoval(job, removal);
    });
  }

  /** The job's scan broke off. A decision that waits was about what it would have found; single names are looked at again soon. */
  failed(job: LookJob): void {
    if (job.isFull) this.#verdict = 'guard';
    const now = this.#shared.effects.now();
    for (const { path, scope } of job.looks) if (scope === 'entry') this.#retries.failed(path, now);
  }

  #auditHeld(result: string): void {
    const { effects, settings } = this.#shared;
    effects.audit({ time: effects.now(), path: '', what: 'held', node: settings.node, result });
  }

  /** Unsettled paths that are due to be looked at again. */
  takeDue(): RelPath[] {
    return this.#retries.takeDue(this.#shared.effects.now());
  }

  nextDue(): number | null {
    return this.#retries.nextDue();
  }

  #take(job: LookJob, observation: Observation): void {
    const { path } = observation;
    if (observation.kind !== 'gone' && observation.kind !== 'present') job.unread.add(path);
    switch (observation.kind) {
      case 'gone':
        this.#settled(path);
        if (this.#shared.rows.get(path)?.applied?.value.kind === 'file') job.goneFiles += 1;
        if (job.verdict !== 'guard' || job.goneFiles <= this.#mostGone()) job.removals.push(observation);
        return;
      case 'hot':
        return this.#unsettled(
          path,
          'hot',
          'keeps changing while it is read; it is sent when it has been quiet for a moment',
        );
      case 'unreadable':
        return this.#unsettled(path, observation.code, observation.message);
      case 'corrupt':
        this.hot.set(path, {
          since: this.hot.get(path)?.since ?? this.#shared.effects.now(),
          code: CORRUPT,
          message:
            'reads otherwise than it was recorded, though nothing has written it since (a failing disk, or a program that writes through a memory map), and is not sent: copy it from another node with rsync -a --checksum, or touch it if it is right',
        });
        return;
      case 'unsupported':
        this.hot.set(path, {
          since: this.#shared.effects.now(),
          code: 'unsupported',
          message: 'sockets and devices are not synced; exclude it to be told no more',
        });
        return;
      case 'mount':
        this.hot.set(path, {
          since: this.#shared.effects.now(),
          code: 'mount',
          message: 'another file system is mounted here; it is not entered; exclude it to be told no more',
        });
        return;
      case 'present':
        this.#settled(path);
        // With what was in the directory, or not at all: the live files that are still believed there would make it a
        // directory again, on this disk too.
        if (this.#isInPlaceOfDir(observation)) job.removals.push(observation);
        else this.#takePresent(job, observation);
    }
  }

  #isInPlaceOfDir({ path, value }: Present): boolean {
    return value.kind !== 'dir' && this.#shared.rows.get(path)?.applied?.value.kind === 'dir';
  }

  #takePresent(job: LookJob, observation: Present): void {
    const { path, value, identity, movedFrom } = observation;
    const stored = this.#current(job, path, observation.base);
    if (stored === null) return;
    if (observation.content !== null && value.kind === 'file')
      this.#shared.contents.put(value.sha256, observation.content);
    const isEdit = this.#record(job, stored, value, identity, movedFrom);
    if (!isEdit || movedFrom === null) return;
    // The scan found this very file gone from there: the two halves of a rename travel together.
    const source = this.#shared.rows.get(movedFrom);
    if (
      source?.applied?.identity &&
      !this.#events.isChanging(movedFrom) &&
      sameContent(source.applied.value, value)
    )
      this.#record(job, source, ABSENT, null, null);
  }

  #takeRemoval(job: LookJob, removal: Removal): void {
    if (removal.kind === 'present' && job.verdict !== 'rejected') return this.#takePresent(job, removal);
    const stored = this.#current(job, removal.path, removal.base);
    if (stored === null || stored.applied === null || !isLive(stored.applied.value)) return;
    const { value, identity } = removal.kind === 'present' ? removal : { value: ABSENT, identity: null };
    // No version of the row, and no edit either: the row's own takes its place, and what is there goes into the backup.
    if (job.verdict === 'rejected') this.#shared.table.setApplied(stored, { value, dots: [], identity });
    else this.#record(job, stored, value, identity, null);
  }

  /** The row that an observation is about; null when the observation is out of date and the path is looked at again. */
  #current(job: LookJob, path: RelPath, base: Applied['identity']): StoredRow | null {
    const stored = this.#shared.table.get(path);
    if (!this.#events.isChanging(path) && (stored.applied?.identity ?? null) === base) return stored;
    job.again.add(path);
    return null;
  }

  /** Whether it was a local edit. */
  #record(
    job: LookJob,
    stored: StoredRow,
    found: Value,
    identity: Applied['identity'],
    movedFrom: RelPath | null,
  ): boolean {
    const { rules, table, settings, effects } = this.#shared;
    const before = stored.applied;
    const own = this.#ownWork.take(stored, found, identity);
    if (own?.kind === 'done') this.#events.recovered(stored, own.now);
    else if (own !== null) table.setApplied(stored, own.now);
    if (own !== null) return false;
    if (isAsTold(this.#shared, stored, found)) {
      table.setApplied(stored, { value: found, dots: [], identity });
      return false;
    }
    const observed = rules.observe(stored.row, before, found, () => this.#shared.nextDot());
    switch (observed.kind) {
      case 'same': {
        const { blocked } = stored;
        const same = table.setApplied(stored, {
          value: before?.value ?? ABSENT,
          dots: before?.dots ?? [],
          identity,
        });
        if (blocked?.code === LOCAL_EDIT && same.pending) table.setBlocked(same, blocked);
        return false;
      }
      case 'adopted':
        table.setApplied(stored, { value: observed.value, dots: observed.dots, identity });
        return false;
      case 'edited': {
        job.changed += 1;
        const applied: Applied = { value: observed.value, dots: observed.dots, identity };
        if (settings.receiveOnly) keepLocalEdit(this.#shared, stored, applied);
        else table.setRow(stored, observed.row, { movedFrom, applied });
        const what = !isLive(found)
          ? 'deleted'
          : before === null || !isLive(before.value)
            ? 'created'
            : sameContent(before.value, found)
              ? 'metadata'
              : 'changed';
        effects.audit({
          time: effects.now(),
          path: stored.path,
          what,
          node: settings.node,
          result: settings.receiveOnly ? 'local edit, not sent' : 'sent',
        });
        return true;
      }
    }
  }

  #unsettled(path: RelPath, code: string, message: string): void {
    const now = this.#shared.effects.now();
    this.hot.set(path, { since: this.hot.get(path)?.since ?? now, code, message });
    this.#retries.failed(path, now);
  }

  #settled(path: RelPath): void {
    if (!this.hot.delete(path)) return;
    this.#retries.succeeded(path);
  }

  /** Beyond this many a scan is held, and the paths need not be remembered. */
  #mostGone(): number {
    const { rules, rows, settings } = this.#shared;
    return rules.mostDeletions(rows.totals().files, settings.maxDeletePercent);
  }
}

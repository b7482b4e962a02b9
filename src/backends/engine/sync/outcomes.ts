/** What a change of the disk that was made means for the rows: applied, losers retired, copies kept, edits found. */
import type { Change, Left } from '../apply/change.ts';
import type { Wanted } from '../core/tree.ts';
import type { Applied, Dot, NodeId, RelPath, Value } from '../core/types.ts';
import { ABSENT, isLive, sameContent, sameValue } from '../core/value.ts';
import { nodeOf } from '../core/vector.ts';
import type { StoredRow } from '../store/store.ts';
import { conflictName, isConflictName } from './conflict-copy.ts';
import type { Plan } from './planning.ts';
import type { Shared } from './shared.ts';

/** A change in flight, with what the disk held when it was planned. */
export interface Planned {
  readonly plan: Extract<Plan, { kind: 'change' }>;
  readonly before: Applied | null;
  /** number of its batch, by which its intent is found */
  readonly batch: number;
}

/** How often the rarer things happened since the start. */
export type Counters = {
  raced: number;
  stale: number;
  retired: number;
  corrupt: number;
  moved: number;
  applied: number;
};

/** Called inside a transaction. */
export class Outcomes {
  readonly #shared: Shared;
  readonly #counters: Counters;

  constructor(shared: Shared, counters: Counters) {
    this.#shared = shared;
    this.#counters = counters;
  }

  /** The disk holds what was planned. */
  done({ plan, before }: Planned, identity: Applied['identity'], backedUp: boolean): void {
    const { table } = this.#shared;
    const { change, want, movedFrom } = plan;
    this.#counters.applied += 1;
    const applied: Applied = { value: change.to, dots: want.dots, identity };
    const stored = table.setApplied(table.get(change.path), applied);
    if (movedFrom !== null) {
      this.#counters.moved += 1;
      const source = table.get(movedFrom);
      table.setApplied(source, { value: ABSENT, dots: source.applied?.dots ?? [], identity: null });
    }
    if (this.#retire(stored, before, applied, backedUp)) this.#keepBoth(stored, before, change);
    this.#audit(change, want, before);
  }

  /** Some of the new metadata is on the disk: own work that is not finished, and no edit. */
  left(path: RelPath, { value, identity }: Left): void {
    const { table } = this.#shared;
    const stored = table.get(path);
    table.setApplied(stored, { value, dots: stored.applied?.dots ?? [], identity });
  }

  /** A kill came between the change and its record: the disk holds a version of the row that we put there. */
  recovered(stored: StoredRow, now: Applied): void {
    const before = stored.applied;
    const backups = [...this.#shared.rows.backups(stored.path)];
    const backedUp = backups.some((one) => before !== null && sameContent(one.value, before.value));
    this.#retire(this.#shared.table.setApplied(stored, now), before, now, backedUp);
  }

  /** Losers that this disk held, and that are put away (I8), leave the row. */
  #retire(stored: StoredRow, before: Applied | null, now: Applied, backedUp: boolean): boolean {
    const { rules, table, settings } = this.#shared;
    if (settings.receiveOnly) return false;
    const losers = rules
      .retirable(stored.row, before, now, backedUp)
      .filter((dot) => this.#mayRetire(dot, before));
    if (losers.length === 0) return false;
    this.#counters.retired += 1;
    table.setRow(stored, rules.retire(stored.row, losers, this.#shared.nextDot()));
    return true;
  }

  /** Under `keep-both` a file is retired by its author alone, who leaves the copy: nobody else does. */
  #mayRetire(dot: Dot, before: Applied | null): boolean {
    const { policy, node } = this.#shared.settings;
    return policy !== 'keep-both' || before?.value.kind !== 'file' || nodeOf(dot.actor) === node;
  }

  /** `keep-both`: the loser's author keeps it under a name that is a function of the loser, so all would choose it. */
  #keepBoth(stored: StoredRow, before: Applied | null, change: Change): void {
    const { settings, table, rules, effects } = this.#shared;
    if (
      settings.policy !== 'keep-both' ||
      before === null ||
      before.value.kind !== 'file' ||
      change.backupId === null
    )
      return;
    const author = before.dots[0];
    if (author === undefined || nodeOf(author.actor) !== settings.node || isConflictName(stored.path)) return;
    if (!isLive(change.to) || sameContent(before.value, change.to)) return;
    const copy = table.get(conflictName(stored.path, settings.node, before.value));
    if (copy.row.siblings.length > 0) return;
    table.setRow(copy, rules.edit(copy.row, [], this.#shared.nextDot(), before.value), {
      movedFrom: stored.path,
    });
    effects.audit({
      time: effects.now(),
      path: copy.path,
      what: 'conflict-copy',
      node: settings.node,
      result: `keeps ${settings.node}'s version`,
    });
  }

  /**
   * A local writer changed the old file while it was being replaced: its content is an edit of what it had opened, and what
   * it had opened is superseded by it. When it wrote what was put there anyway, there is nothing more to tell.
   */
  raced(path: RelPath, backupId: string, value: Value): void {
    this.#counters.raced += 1;
    const { table, rules, rows, settings } = this.#shared;
    const stored = table.get(path);
    const backup = [...rows.backups(path)].find((one) => one.id === backupId);
    if (backup === undefined) return;
    rows.addBackup({ ...backup, value });
    if (settings.receiveOnly) return;
    const now = stored.applied ?? { value: ABSENT, dots: [], identity: null };
    if (sameValue(value, now.value)) this.#retire(stored, { ...now, dots: backup.dots }, now, true);
    else table.setRow(stored, rules.edit(stored.row, backup.dots, this.#shared.nextDot(), value));
  }

  #audit(change: Change, want: Extract<Wanted, { kind: 'value' }>, before: Applied | null): void {
    const from = before?.value ?? ABSENT;
    const what = !isLive(change.to)
      ? 'deleted'
      : !isLive(from)
        ? 'created'
        : sameContent(from, change.to)
          ? 'metadata'
          : 'changed';
    const node = authorOf(want) ?? this.#shared.settings.node;
    this.#shared.effects.audit({
      time: this.#shared.effects.now(),
      path: change.path,
      what,
      node,
      result: 'applied',
    });
  }
}

/** Whose version it is. */
export function authorOf(want: Extract<Wanted, { kind: 'value' }>): NodeId | null {
  const dot = want.dots.at(-1);
  return dot === undefined ? null : nodeOf(dot.actor);
}

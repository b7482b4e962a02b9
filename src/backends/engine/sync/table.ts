/**
 * The rows of one mapping with everything that is derived from them kept right: sequence, pending, live children. The
 * only writer of `MappingStore` rows. Call inside a transaction.
 */
import { EMPTY_ROW } from '../core/row.ts';
import { isLiveRow, type wanted, type Wanted } from '../core/tree.ts';
import type { Applied, RelPath, Row } from '../core/types.ts';
import { ABSENT, sameValue } from '../core/value.ts';
import { sameDot } from '../core/vector.ts';
import type { PolicyContext } from '../core/policy.ts';
import type { Blocked, MappingStore, StoredRow } from '../store/store.ts';

export class Table {
  /** counts the changes of what is blocked */
  blockings = 0;
  readonly rows: MappingStore;
  readonly #policy: () => PolicyContext;
  readonly #rule: typeof wanted;
  readonly #onPending: (row: StoredRow) => void;

  constructor(
    rows: MappingStore,
    policy: () => PolicyContext,
    rule: typeof wanted,
    onPending: (row: StoredRow) => void,
  ) {
    this.rows = rows;
    this.#policy = policy;
    this.#rule = rule;
    this.#onPending = onPending;
  }

  /** The stored row, or a blank one. */
  get(path: RelPath): StoredRow {
    return this.rows.get(path) ?? blank(path);
  }

  wanted(row: StoredRow): Wanted {
    return this.#rule(row.row, row.liveChildren, this.#policy());
  }

  /** A change of the replicated state: takes a new sequence, so that peers are told. */
  setRow(
    stored: StoredRow,
    row: Row,
    more: { movedFrom?: RelPath | null; applied?: Applied } = {},
  ): StoredRow {
    return this.#write(stored, {
      ...stored,
      row,
      seq: this.rows.nextSeq(),
      blocked: null,
      movedFrom: more.movedFrom ?? null,
      applied: more.applied ?? stored.applied,
    });
  }

  /** What this disk holds now. */
  setApplied(stored: StoredRow, applied: Applied): StoredRow {
    const next = this.#write(stored, { ...stored, applied, blocked: null });
    if (applied.value.kind === 'absent') this.#emptied(parentOf(stored.path));
    return next;
  }

  setBlocked(stored: StoredRow, blocked: Blocked | null): StoredRow {
    return this.#write(stored, { ...stored, blocked });
  }

  /** As if nothing had ever been known of it. */
  forget(path: RelPath): void {
    const stored = this.rows.get(path);
    if (stored !== null) this.#write(stored, { ...blank(path), liveChildren: stored.liveChildren });
  }

  /** The rules by which rows are judged have changed: what is derived from this one, and from those below it, is made anew. */
  rederive(stored: StoredRow): void {
    this.#write(stored, stored);
    if (stored.liveChildren > 0) this.#rederiveBelow(stored.path);
  }

  #write(before: StoredRow, next: StoredRow): StoredRow {
    const derived = this.#derive(next);
    if (isForgettable(derived)) this.rows.delete(derived.path);
    else this.rows.put(derived);
    const liveBefore = isLiveRow(before.row, before.liveChildren);
    const liveNow = isLiveRow(derived.row, derived.liveChildren);
    if (liveBefore !== liveNow) this.#countChild(parentOf(derived.path), liveNow ? 1 : -1);
    if (derived.blocked !== before.blocked) this.blockings += 1;
    if (derived.pending && derived.blocked === null) this.#onPending(derived);
    if (this.#bars(before) !== this.#bars(derived)) this.#rederiveBelow(derived.path);
    return derived;
  }

  #derive(row: StoredRow): StoredRow {
    const want = this.wanted(row);
    if (want.kind === 'undecided' || this.#isBarred(row.path))
      return row.pending ? { ...row, pending: false, blocked: null } : row;
    const pending = !sameValue(want.value, row.applied?.value ?? ABSENT);
    if (pending) return row.pending ? row : { ...row, pending };
    // The disk shows the wanted value already: from now on an edit supersedes the siblings that hold it.
    const applied = row.applied ?? { value: ABSENT, dots: [], identity: null };
    const sameDots =
      applied.dots.length === want.dots.length &&
      want.dots.every((dot) => applied.dots.some((other) => sameDot(dot, other)));
    return {
      ...row,
      pending,
      blocked: null,
      applied: sameDots ? row.applied : { ...applied, dots: want.dots },
    };
  }

  /** Nothing below it can be on this disk: a person has yet to decide whether it is a directory, and here it is none. */
  #bars(row: StoredRow): boolean {
    if (this.#policy().policy !== 'none' || row.row.siblings.length < 2) return false;
    return row.applied?.value.kind !== 'dir' && this.wanted(row).kind === 'undecided';
  }

  #isBarred(path: RelPath): boolean {
    if (this.#policy().policy !== 'none') return false;
    for (let dir = parentOf(path); dir !== ''; dir = parentOf(dir)) {
      const stored = this.rows.get(dir);
      if (stored !== null && this.#bars(stored)) return true;
    }
    return false;
  }

  #rederiveBelow(dir: RelPath): void {
    const below = [...this.rows.subtree(dir)];
    for (const row of below) if (row.path !== dir) this.#write(row, row);
  }

  #countChild(dir: RelPath, change: number): void {
    if (dir === '') return;
    const stored = this.get(dir);
    this.#write(stored, { ...stored, liveChildren: Math.max(0, stored.liveChildren + change) });
  }

  /** A name below `dir` is gone: a removal of `dir` that found it not empty may be tried again. */
  #emptied(dir: RelPath): void {
    if (dir === '') return;
    const stored = this.rows.get(dir);
    if (stored?.blocked?.code === 'not-empty') this.setBlocked(stored, null);
  }
}

export function parentOf(path: RelPath): RelPath {
  const slash = path.lastIndexOf('/');
  return (slash === -1 ? '' : path.slice(0, slash)) as RelPath;
}

function blank(path: RelPath): StoredRow {
  return {
    path,
    row: EMPTY_ROW,
    seq: 0,
    applied: null,
    pending: false,
    blocked: null,
    liveChildren: 0,
    movedFrom: null,
  };
}

function isForgettable(row: StoredRow): boolean {
  return (
    row.row.context.size === 0 &&
    row.liveChildren === 0 &&
    (row.applied === null || row.applied.value.kind === 'absent')
  );
}

/**
 * Rows that cannot be brought to the disk now: they are marked, and tried again after a while, or when something changed.
 * They stay blocked for everybody until a try succeeds.
 */
import type { RelPath } from '../core/types.ts';
import type { StoredRow } from '../store/store.ts';
import { LOCAL_EDIT } from './receiving.ts';
import { Retries } from './retries.ts';
import type { Shared } from './shared.ts';

/** Changes that found somebody's edit in their way, before the path counts as hot. */
const STALE_AT_ONCE = 3;
/** Blocked rows looked at together when all of them are tried again. */
const PAGE = 500;
/** Those that are too many to be remembered one by one are tried again after this many ms. */
const SWEEP_AFTER = 5 * 60_000;

interface Sweep {
  /** null: whatever blocks them */
  readonly code: string | null;
  after: RelPath | null;
}

export class Blocking {
  readonly #shared: Shared;
  readonly #onDue: (path: RelPath) => void;
  readonly #retries = new Retries();
  readonly #due = new Set<RelPath>();
  #sweep: Sweep | null = null;
  #sweepDue = Infinity;

  /** @param onDue this path is to be planned */
  constructor(shared: Shared, onDue: (path: RelPath) => void) {
    this.#shared = shared;
    this.#onDue = onDue;
  }

  /** Whether the row may be tried now. */
  mayTry({ path, blocked }: StoredRow): boolean {
    return blocked === null || this.#due.has(path);
  }

  /** It is being tried. */
  trying(path: RelPath): void {
    this.#due.delete(path);
  }

  block(path: RelPath, code: string, message: string): void {
    const { rows, table, effects, settings } = this.#shared;
    const stored = rows.get(path);
    if (stored === null || !stored.pending) return;
    const now = effects.now();
    if (!this.#retries.failed(path, now)) this.#sweepDue = Math.min(this.#sweepDue, now + SWEEP_AFTER);
    const isNews = stored.blocked?.code !== code;
    this.#shared.transact(() => {
      table.setBlocked(stored, { code, message, since: stored.blocked?.since ?? now });
    });
    if (!isNews) return;
    effects.audit({ time: now, path, what: 'blocked', node: settings.node, result: `${code}: ${message}` });
  }

  /** Somebody's edit was in the way: whether it may be tried again at once, after a look at it. */
  stale(path: RelPath): boolean {
    if (this.#retries.tries(path) >= STALE_AT_ONCE || !this.#retries.failed(path, Infinity)) return false;
    this.tryAgain(path);
    return true;
  }

  /** It is on the disk, or not wanted any more. */
  settled(path: RelPath): void {
    this.#retries.succeeded(path);
    this.#due.delete(path);
  }

  tryAgain(path: RelPath): void {
    this.#due.add(path);
    this.#onDue(path);
  }

  /** All that this code blocks (null: whatever does), piece by piece in `step`. */
  tryAll(code: string | null): void {
    const isWider = this.#sweep !== null && this.#sweep.code !== code;
    this.#sweep = { code: isWider ? null : code, after: null };
    if (code === null) this.#sweepDue = Infinity;
  }

  /** Whether there is more to do at once. `hasRoom`: what is due already has been taken up. */
  step(now: number, hasRoom: boolean): boolean {
    for (const path of this.#retries.takeDue(now)) this.tryAgain(path);
    if (this.#sweepDue <= now) this.tryAll(null);
    if (this.#sweep === null || !hasRoom) return false;
    const { code, after } = this.#sweep;
    const page = this.#shared.rows.blocked(after, PAGE);
    for (const { path, blocked } of page) {
      if (code === null ? blocked?.code !== LOCAL_EDIT : blocked?.code === code) this.tryAgain(path);
    }
    this.#sweep = page.length < PAGE ? null : { code, after: page.at(-1)?.path ?? null };
    return this.#sweep !== null;
  }

  /** ms since 1970; null for never */
  nextDue(): number | null {
    const due = Math.min(this.#retries.nextDue() ?? Infinity, this.#sweepDue);
    return due === Infinity ? null : due;
  }
}

/** What a kill left unrecorded: a scan that finds it has found this node's own work, and no edit. */
import { dotsOf } from '../core/row.ts';
import type { Applied, RelPath, Value } from '../core/types.ts';
import { ABSENT, isLive, sameContent, sameValue } from '../core/value.ts';
import type { Intent, StoredRow } from '../store/store.ts';
import type { Table } from './table.ts';

/** The disk holds this version of the row; or the old one with some of the new one's metadata. */
export type Recovered = { readonly kind: 'done' | 'half-done'; readonly now: Applied };

export class OwnWork {
  readonly #table: Table;
  /** paths whose change was interrupted, and what was to be put there */
  readonly #interrupted = new Map<RelPath, Intent['wanted']>();

  constructor(table: Table) {
    this.#table = table;
  }

  interrupted(intents: readonly Intent[]): void {
    for (const { path, wanted } of intents) this.#interrupted.set(path, wanted);
  }

  /** What is found at a path, once: placed, and perhaps superseded since; or half done in its metadata. null: neither. */
  take(stored: StoredRow, found: Value, identity: Applied['identity']): Recovered | null {
    const wanted = this.#interrupted.get(stored.path);
    if (wanted === undefined) return null;
    this.#interrupted.delete(stored.path);
    const before = stored.applied;
    if (sameValue(found, before?.value ?? ABSENT)) return null;
    const known = dotsOf(stored.row, found);
    const isWanted = wanted !== null && sameValue(found, wanted.value);
    if (known.length > 0 || isWanted) {
      const dots = known.length > 0 ? known : (wanted?.dots ?? []);
      return { kind: 'done', now: { value: found, dots, identity } };
    }
    if (!this.#isHalfDone(stored, found)) return null;
    return { kind: 'half-done', now: { value: found, dots: before?.dots ?? [], identity } };
  }

  #isHalfDone(stored: StoredRow, found: Value): boolean {
    const want = this.#table.wanted(stored);
    return stored.pending && want.kind === 'value' && isLive(found) && sameContent(found, want.value);
  }
}

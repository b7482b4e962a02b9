/** Judges the guard against mass deletions: what one look told as deleted, and whether a person had agreed to it. */
import type { MappingStore, StoredRow } from '../../../src/backends/engine/store/store.ts';
import { InvariantError } from './observer.ts';

/** A look at the whole tree takes a person's word with it, whatever comes of that look. */
export class Guard {
  private isAgreed = false;

  /** A person approved what is held now. */
  approved(): void {
    this.isAgreed = true;
  }

  /** A look begins; `judge` runs its end. */
  begin(isFull: boolean): (rows: MappingStore, end: () => void) => void {
    const isAgreed = isFull && this.isAgreed;
    if (isFull) this.isAgreed = false;
    return (rows, end) => {
      const files = rows.page(null, Infinity).filter(isFile);
      end();
      const told = files.filter((before) => isToldDeleted(before, rows.get(before.path)));
      if (isAgreed || told.length <= files.length / 2) return;
      throw new InvariantError(
        'mass deletion',
        `${told.length} of ${files.length} files are told as deleted, and nobody agreed: ${told.map(({ path }) => path).join(', ')}`,
      );
    };
  }
}

function isFile({ applied }: StoredRow): boolean {
  return applied?.value.kind === 'file';
}

function isToldDeleted(before: StoredRow, now: StoredRow | null): boolean {
  return now !== null && now.row !== before.row && now.applied?.value.kind === 'absent';
}

/** All rows that a query of the store finds, page by page. */
import type { RelPath } from '../core/types.ts';
import type { StoredRow } from '../store/store.ts';

const PAGE = 500;

/** Rows may be changed between two pages: the next one starts after the last path, whatever became of it. */
export function* pagesOf(
  read: (after: RelPath | null, limit: number) => StoredRow[],
): Generator<readonly StoredRow[]> {
  for (let after: RelPath | null = null; ;) {
    const page = read(after, PAGE);
    if (page.length > 0) yield page;
    if (page.length < PAGE) return;
    after = page.at(-1)?.path ?? null;
  }
}

/** From a pending row to one change of the disk: what is expected there, what shall be, and where its content is. */
import type { Change, Content } from '../apply/change.ts';
import { losesBytes } from '../core/observe.ts';
import type { RelPath, Sha256, Value } from '../core/types.ts';
import { ABSENT, isLive, sameContent, sameValue } from '../core/value.ts';
import type { Wanted } from '../core/tree.ts';
import type { MappingStore, StoredRow } from '../store/store.ts';
import type { Contents } from './contents.ts';
import type { Fetched } from './effects.ts';

export type Plan =
  | {
      readonly kind: 'change';
      readonly change: Change;
      readonly want: Extract<Wanted, { kind: 'value' }>;
      readonly movedFrom: RelPath | null;
    }
  | { readonly kind: 'fetch'; readonly sha256: Sha256; readonly size: number; readonly base: RelPath | null };

export interface PlanningContext {
  readonly rows: MappingStore;
  readonly contents: Contents;
  /** fetched for this path and not used yet */
  fetched(path: RelPath, sha256: Sha256): Extract<Fetched, { kind: 'inline' | 'staged' }> | null;
  isBusy(path: RelPath): boolean;
  /** a backup that did not hold what it is listed as */
  isSpoiled(backupId: string): boolean;
  wanted(row: StoredRow): Wanted;
  backupId(): string;
}

/** null when there is nothing to do at this path. */
export function plan(stored: StoredRow, context: PlanningContext): Plan | null {
  const want = context.wanted(stored);
  if (want.kind === 'undecided') return null;
  const from = stored.applied?.value ?? ABSENT;
  const to = want.value;
  const source = to.kind === 'file' && !sameContent(from, to) ? contentOf(stored, to, context) : NO_CONTENT;
  if (source === null && to.kind === 'file') {
    return { kind: 'fetch', sha256: to.sha256, size: to.size, base: baseOf(stored, from, context) };
  }
  const content = source ?? NO_CONTENT;
  const change: Change = {
    path: stored.path,
    expected: stored.applied?.identity ?? null,
    from: isLive(from) ? from : null,
    to,
    content,
    backupId: losesBytes(from, to) ? context.backupId() : null,
  };
  const movedFrom = content.kind === 'local' && content.move ? content.path : null;
  return { kind: 'change', change, want, movedFrom };
}

const NO_CONTENT: Content = { kind: 'none' };

type FileValue = Extract<Value, { kind: 'file' }>;

/** Where this node already has the content; null when it must be fetched. */
function contentOf(stored: StoredRow, to: FileValue, context: PlanningContext): Content | null {
  if (to.size === 0) return { kind: 'inline', bytes: new Uint8Array(0) };
  const fetched = context.fetched(stored.path, to.sha256);
  if (fetched?.kind === 'inline') return fetched;
  if (fetched?.kind === 'staged') return { kind: 'staged', name: fetched.name, verified: true };
  const local = localContent(stored, to, context);
  if (local?.move === true) return local;
  const bytes = context.contents.get(to.sha256);
  if (bytes !== null) return { kind: 'inline', bytes };
  return local ?? backedUpContent(stored, to, context);
}

/** The sender found this content by a rename: where it came from, this node may hold it too. */
function localContent(
  stored: StoredRow,
  to: FileValue,
  context: PlanningContext,
): Extract<Content, { kind: 'local' }> | null {
  if (stored.movedFrom === null || context.isBusy(stored.movedFrom)) return null;
  const source = context.rows.get(stored.movedFrom);
  const applied = source?.applied;
  if (source === null || applied === null || applied === undefined || applied.identity === null) return null;
  if (!sameContent(applied.value, to)) return null;
  const want = context.wanted(source);
  const isLeaving = want.kind === 'value' && !isLive(want.value) && source.blocked === null;
  const isFreeHere = stored.applied === null || !isLive(stored.applied.value);
  const move = isLeaving && isFreeHere && sameValue(applied.value, to);
  return { kind: 'local', path: source.path, identity: applied.identity, move };
}

function backedUpContent(stored: StoredRow, to: FileValue, context: PlanningContext): Content | null {
  // Where nothing ever was there is no backup, which spares new files the look-up.
  for (const path of [stored.applied === null ? null : stored.path, stored.movedFrom]) {
    if (path === null) continue;
    for (const backup of context.rows.backups(path)) {
      if (sameContent(backup.value, to) && !context.isSpoiled(backup.id))
        return { kind: 'backup', id: backup.id };
    }
  }
  return null;
}

/** The file whose blocks are likely to be in the new content. */
function baseOf(stored: StoredRow, from: Value, context: PlanningContext): RelPath | null {
  if (from.kind === 'file') return stored.path;
  if (stored.movedFrom === null) return null;
  return context.rows.get(stored.movedFrom)?.applied?.value.kind === 'file' ? stored.movedFrom : null;
}

/** What a node says of its tree when it is compared: counts and fingerprints of ranges of paths, then the entries. */
import { encodeRow, encodeValue } from '../core/encode.ts';
import { addFingerprint, fingerprintOf, ZERO_FINGERPRINT, type Fingerprint } from '../core/fingerprint.ts';
import type { RelPath, Value } from '../core/types.ts';
import { isLive } from '../core/value.ts';
import type { MappingStore, StoredRow } from '../store/store.ts';
import { comparePaths } from './path-order.ts';

const PAGE = 2000;

/** Paths after `after` (exclusive) up to `until` (inclusive), in path order; null for no bound. */
export interface PathRange {
  readonly after: RelPath | null;
  readonly until: RelPath | null;
}

export interface RangeSum {
  readonly count: number;
  readonly fingerprint: Fingerprint;
}

export interface TreeEntry {
  readonly path: RelPath;
  readonly value: Value;
}

/** Yields to other work of the process between pages: a million rows take seconds. */
async function* pagesOf(rows: MappingStore, from: RelPath | null): AsyncGenerator<StoredRow[]> {
  let after = from;
  for (;;) {
    const page = rows.page(after, PAGE);
    yield page;
    const last = page.at(-1);
    if (page.length < PAGE || last === undefined) return;
    after = last.path;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function* entriesOf(rows: MappingStore, range: PathRange): AsyncGenerator<TreeEntry> {
  for await (const page of pagesOf(rows, range.after)) {
    for (const { path, applied } of page) {
      if (range.until !== null && comparePaths(path, range.until) > 0) return;
      if (applied !== null && isLive(applied.value)) yield { path, value: applied.value };
    }
  }
}

export async function sumRange(rows: MappingStore, range: PathRange): Promise<RangeSum> {
  let count = 0;
  let fingerprint = ZERO_FINGERPRINT;
  for await (const entry of entriesOf(rows, range)) {
    count += 1;
    fingerprint = addFingerprint(fingerprint, fingerprintOfEntry(entry));
  }
  return { count, fingerprint };
}

/** Splits a range into at most `parts` of about equal counts. */
export async function splitRange(
  rows: MappingStore,
  range: PathRange,
  count: number,
  parts: number,
): Promise<PathRange[]> {
  const size = Math.max(1, Math.ceil(count / parts));
  const ranges: PathRange[] = [];
  let after = range.after;
  let previous = range.after;
  let inPart = 0;
  for await (const { path } of entriesOf(rows, range)) {
    if (inPart >= size && ranges.length < parts - 1) {
      ranges.push({ after, until: previous });
      after = previous;
      inPart = 0;
    }
    inPart += 1;
    previous = path;
  }
  return [...ranges, { after, until: range.until }];
}

/** The first `limit` of a range. */
export async function listRange(rows: MappingStore, range: PathRange, limit: number): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  for await (const entry of entriesOf(rows, range)) {
    if (entries.length >= limit) break;
    entries.push(entry);
  }
  return entries;
}

/** Over the replicated state of all paths instead of the disk: equal on nodes that have told each other everything. */
export async function sumRows(rows: MappingStore): Promise<RangeSum> {
  let count = 0;
  let fingerprint = ZERO_FINGERPRINT;
  for await (const page of pagesOf(rows, null)) {
    for (const { path, row } of page) {
      if (row.context.size === 0) continue;
      count += 1;
      fingerprint = addFingerprint(fingerprint, fingerprintOfPath(path, encodeRow(row)));
    }
  }
  return { count, fingerprint };
}

function fingerprintOfEntry({ path, value }: TreeEntry): Fingerprint {
  return fingerprintOfPath(path, encodeValue(value));
}

function fingerprintOfPath(path: RelPath, encoded: Uint8Array): Fingerprint {
  const bytes = new Uint8Array(path.length + 1 + encoded.length);
  for (let at = 0; at < path.length; at++) bytes[at] = path.charCodeAt(at);
  bytes.set(encoded, path.length + 1);
  return fingerprintOf(bytes);
}

/**
 * Proves that nodes hold the same tree: every node first compares its own disk with its table, then ranges of paths are
 * compared by additive fingerprints, 16 ways at a time, down to lists (Meyer, "Range-Based Set Reconciliation").
 */
import { z } from 'zod';
import { decodeValue, encodeValue } from '../core/encode.ts';
import { sameFingerprint } from '../core/fingerprint.ts';
import type { NodeId, RelPath, Value } from '../core/types.ts';
import { sameContent } from '../core/value.ts';
import type { MappingStore } from '../store/store.ts';
import { comparePaths } from './path-order.ts';
import { listRange, splitRange, sumRange, type PathRange, type TreeEntry } from './verify-tree.ts';

const PARTS = 16;
/** Ranges of up to this many entries are listed instead of split. */
const LIST = 64;
/** Where one side has next to nothing there is nothing to split by: so many are named then. */
const MOST_LISTED = 1000;

const pathField = z.string().transform((path) => path as RelPath);
const rangeField = z.object({ after: pathField.nullable(), until: pathField.nullable() });
export const aboutParams = z.object({ group: z.string(), mapping: z.string() });
export const rangesParams = z.object({
  group: z.string(),
  mapping: z.string(),
  ranges: z.array(rangeField).max(PARTS),
});
export const rangeParams = aboutParams.extend({ range: rangeField });
export const prepareParams = aboutParams.extend({ deep: z.boolean() });

const count = z.number().int().nonnegative();
const sumsResult = z.array(z.object({ count, fingerprint: z.tuple([count, count, count, count]) }));
const listResult = z.array(z.object({ path: pathField, value: z.base64() }));

export interface TreeDifference {
  readonly path: RelPath;
  readonly reason: string;
}

/** Asks a peer one of the questions below; the answer is not trusted to have the right shape. */
export type Ask = (method: 'verify.sums' | 'verify.list', params: object) => Promise<unknown>;

/** Answers `verify.sums`. */
export async function answerSums(rows: MappingStore, ranges: readonly PathRange[]): Promise<unknown> {
  const sums = [];
  for (const range of ranges) sums.push(await sumRange(rows, range));
  return sums;
}

/** Answers `verify.list`: the first of them, when there are very many. */
export async function answerList(rows: MappingStore, range: PathRange): Promise<unknown> {
  const entries = await listRange(rows, range, MOST_LISTED);
  return entries.map(({ path, value }) => ({
    path,
    value: Buffer.from(encodeValue(value)).toString('base64'),
  }));
}

/** Where the peer's tree differs from ours; at most `limit` of them. */
export async function compareTrees(
  rows: MappingStore,
  peer: NodeId,
  ask: Ask,
  limit: number,
): Promise<TreeDifference[]> {
  const differences: TreeDifference[] = [];
  const open: PathRange[] = [{ after: null, until: null }];
  while (open.length > 0 && differences.length < limit) {
    const batch = open.splice(0, PARTS);
    const theirs = sumsResult.parse(await ask('verify.sums', { ranges: batch }));
    for (const [index, range] of batch.entries()) {
      const ours = await sumRange(rows, range);
      const their = theirs[index];
      if (
        their === undefined ||
        (ours.count === their.count && sameFingerprint(ours.fingerprint, their.fingerprint))
      )
        continue;
      if (Math.max(ours.count, their.count) > LIST && ours.count > 1)
        open.push(...(await splitRange(rows, range, ours.count, PARTS)));
      else {
        const listed = await listOf(ask, range);
        const until = listed.length < MOST_LISTED ? range.until : (listed.at(-1)?.path ?? null);
        differences.push(...compareLists(await listRange(rows, { ...range, until }, LIST), listed, peer));
      }
    }
  }
  return differences.slice(0, limit);
}

async function listOf(ask: Ask, range: PathRange): Promise<TreeEntry[]> {
  const entries = listResult.parse(await ask('verify.list', { range }));
  return entries.map(({ path, value }) => ({ path, value: decodeValue(Buffer.from(value, 'base64')) }));
}

function compareLists(
  ours: readonly TreeEntry[],
  theirs: readonly TreeEntry[],
  peer: NodeId,
): TreeDifference[] {
  const left = new Map(ours.map((entry) => [entry.path, entry.value]));
  const right = new Map(theirs.map((entry) => [entry.path, entry.value]));
  const paths = [...new Set([...left.keys(), ...right.keys()])].sort(comparePaths);
  return paths.flatMap((path) => {
    const reason = differenceOf(left.get(path), right.get(path), peer);
    return reason === null ? [] : [{ path, reason }];
  });
}

function differenceOf(ours: Value | undefined, theirs: Value | undefined, peer: NodeId): string | null {
  if (ours === undefined) return `only on ${peer}`;
  if (theirs === undefined) return `missing on ${peer}`;
  if (ours.kind !== theirs.kind) return `a ${ours.kind} here, a ${theirs.kind} on ${peer}`;
  if (!sameContent(ours, theirs)) return `other content on ${peer}`;
  const fields = (['mode', 'owner', 'mtimeNs'] as const).filter(
    (field) => fieldOf(ours, field) !== fieldOf(theirs, field),
  );
  return fields.length === 0
    ? null
    : `other ${fields.map((field) => FIELD_NAMES[field]).join(' and ')} on ${peer}`;
}

const FIELD_NAMES = { mode: 'mode', owner: 'owner', mtimeNs: 'mtime' } as const;

function fieldOf(value: Value, field: keyof typeof FIELD_NAMES): unknown {
  return field in value ? value[field as keyof Value] : null;
}

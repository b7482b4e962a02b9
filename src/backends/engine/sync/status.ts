/** Figures for `status`, from the table and what peers acknowledged. */
import type { MappingStatus } from '../../backend.ts';
import { bytesToText } from '../../../util/bytes.ts';
import type { NodeId } from '../core/types.ts';
import { sizeOf } from '../core/value.ts';
import type { MappingEngine } from './mapping-engine.ts';
import type { Replica } from './replica.ts';

/** Rows that are looked at to tell how much a peer is behind; beyond them it is an estimate. */
const COUNTED = 1000;
const ERRORS = 20;

export function mappingStatus(engine: MappingEngine): MappingStatus {
  const { replica } = engine;
  const { rows } = replica.shared;
  const totals = rows.totals();
  const blocked = totals.blocked === 0 ? [] : rows.blocked(null, ERRORS);
  const unread = [...replica.looking.hot].filter(([, problem]) => problem.code !== 'hot');
  const problems = [
    ...(replica.applying.disk.problem === null ? [] : [{ path: '', ...replica.applying.disk.problem }]),
    ...blocked.map((row) => ({
      path: row.path,
      code: row.blocked?.code ?? '',
      message: row.blocked?.message ?? '',
    })),
    ...unread.map(([path, { code, message }]) => ({ path, code, message })),
  ];
  return {
    files: totals.files,
    bytes: totals.bytes,
    pending: totals.pending,
    conflicts: totals.conflicts,
    hot_files: replica.looking.hot.size - unread.length,
    errors: problems.slice(0, ERRORS),
  };
}

export interface Lag {
  readonly seconds: number;
  readonly files: number;
  readonly bytes: number;
  /** what the peer said it cannot bring to its disk */
  readonly failure: string | null;
}

/** How much of our table a peer has not acknowledged, and since when. */
export function peerLag(replica: Replica, peer: NodeId): Lag {
  const { rows, times, effects } = replica.shared;
  const acked = replica.acked(peer);
  const failures = replica.peerFailures(peer);
  const first = failures.failed[0];
  const failure =
    first === undefined
      ? null
      : `${failures.count} not applied there: ${bytesToText(first.path)}: ${first.message}`;
  if (acked >= rows.lastSeq()) return { seconds: 0, files: failures.count, bytes: 0, failure };
  const owed = rows.since(acked, COUNTED);
  const oldest = owed[0];
  if (oldest === undefined) return { seconds: 0, files: failures.count, bytes: 0, failure };
  const since = times.timeAfter(acked) ?? Math.max(...oldest.row.context.values());
  const bytes = owed.reduce(
    (sum, { row }) => sum + Math.max(0, ...row.siblings.map((sibling) => sizeOf(sibling.value))),
    0,
  );
  const files = owed.length < COUNTED ? owed.length : rows.lastSeq() - acked;
  return {
    seconds: Math.max(0, (effects.now() - since) / 1000),
    files: files + failures.count,
    bytes,
    failure,
  };
}

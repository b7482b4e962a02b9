/** How far peers are behind, for `status` and metrics, from the table and what they acknowledged. */
import { bytesToText } from '../../../util/bytes.ts';
import type { NodeId } from '../core/types.ts';
import { sizeOf } from '../core/value.ts';
import type { Seq } from '../store/store.ts';
import type { Replica } from './replica.ts';

/** Rows that are looked at to tell how much a peer is behind; beyond them it is an estimate. */
const COUNTED = 1000;
/** ms that a count is good for when nothing was added or acknowledged: rows can also be forgotten. */
const GOOD_FOR = 10_000;

export interface Lag {
  readonly seconds: number;
  readonly files: number;
  readonly bytes: number;
  /** what the peer said it cannot bring to its disk */
  readonly failure: string | null;
}

interface Owed {
  readonly acked: Seq;
  readonly last: Seq;
  /** ms: when it was counted */
  readonly at: number;
  readonly files: number;
  readonly bytes: number;
  /** of the oldest, ms: when its authors made it */
  readonly madeAt: number;
}

/**
 * What a peer is owed is read again only when there is more of it, or less: figures are asked for often, and of peers that
 * were never there for ever.
 */
export class PeerLags {
  readonly #owed = new WeakMap<Replica, Map<NodeId, Owed>>();

  /** How much of our table a peer has not acknowledged, and since when. */
  of(replica: Replica, peer: NodeId): Lag {
    const { times, effects } = replica.shared;
    const failures = replica.peerFailures(peer);
    const first = failures.failed[0];
    const failure =
      first === undefined
        ? null
        : `${failures.count} not applied there: ${bytesToText(first.path)}: ${first.message}`;
    const { acked, files, bytes, madeAt } = this.#owedTo(replica, peer);
    if (files === 0) return { seconds: 0, files: failures.count, bytes: 0, failure };
    const since = times.timeAfter(acked) ?? madeAt;
    return {
      seconds: Math.max(0, (effects.now() - since) / 1000),
      files: files + failures.count,
      bytes,
      failure,
    };
  }

  #owedTo(replica: Replica, peer: NodeId): Owed {
    const acked = replica.acked(peer);
    const last = replica.shared.rows.lastSeq();
    let ofReplica = this.#owed.get(replica);
    if (ofReplica === undefined) this.#owed.set(replica, (ofReplica = new Map()));
    const known = ofReplica.get(peer);
    const now = replica.shared.effects.now();
    if (known?.acked === acked && known.last === last && now - known.at < GOOD_FOR) return known;
    const owed = { acked, last, at: now, ...count(replica, acked, last) };
    ofReplica.set(peer, owed);
    return owed;
  }
}

function count(replica: Replica, acked: Seq, last: Seq): Pick<Owed, 'files' | 'bytes' | 'madeAt'> {
  const rows = acked >= last ? [] : replica.shared.rows.since(acked, COUNTED);
  const bytes = rows.reduce(
    (sum, { row }) => sum + Math.max(0, ...row.siblings.map((sibling) => sizeOf(sibling.value))),
    0,
  );
  const files = rows.length < COUNTED ? rows.length : last - acked;
  const madeAt = Math.max(0, ...(rows[0]?.row.context.values() ?? []));
  return { files, bytes, madeAt };
}

/** Acknowledgements: what of the peers' tables has reached this disk, and what peers say of ours. */
import type { NodeId } from '../core/types.ts';
import type { Message } from '../wire/messages.ts';
import type { Incoming } from './incoming.ts';
import type { Outgoing } from './outgoing.ts';
import type { Shared } from './shared.ts';

/** Failures named in an acknowledgement. */
const MOST_NAMED = 100;

type Ack = Extract<Message, { kind: 'ack' }>;

/** Paths that a node failed to bring to its disk. */
export interface Failures {
  readonly count: number;
  readonly failed: Ack['failed'];
}

/** What a peer was told last. */
export interface Acknowledged {
  readonly incoming: Incoming | null;
  failuresSaid: string;
}

/** The failures of this node as they stand; read anew only when a path was blocked or came free. */
export class NamedFailures {
  readonly #shared: Shared;
  #known: (Failures & { readonly blockings: number }) | null = null;

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  now(): Failures {
    const { rows, table } = this.#shared;
    const { blocked } = rows.totals();
    if (blocked === 0) return { count: 0, failed: [] };
    if (this.#known?.blockings === table.blockings) return this.#known;
    const first = rows.blocked(null, MOST_NAMED);
    // What this node alone has is no peer's business.
    const told = first.filter(({ seq }) => seq > 0);
    const failed = told.map((row) => ({
      path: row.path,
      code: row.blocked?.code ?? '',
      message: row.blocked?.message ?? '',
    }));
    const count = blocked - (first.length - told.length);
    this.#known = { count, failed, blockings: table.blockings };
    return this.#known;
  }
}

/** Tells each peer up to where its table is on this disk, and what failed, when either is news. */
export function acknowledge(
  { rows, effects, about }: Shared,
  peers: ReadonlyMap<NodeId, Acknowledged>,
  { count, failed }: Failures,
): void {
  const settled = (rows.pending(0, 1)[0]?.seq ?? rows.lastSeq() + 1) - 1;
  const said = count === 0 ? '' : `${count} ${failed.map((one) => `${one.path}\0${one.code}`).join('\0')}`;
  for (const [node, peer] of peers) {
    const { incoming } = peer;
    if (incoming === null) continue;
    const seq = incoming.acknowledge(settled) ?? (said === peer.failuresSaid ? null : incoming.repeat());
    if (seq === null) continue;
    peer.failuresSaid = said;
    effects.send(node, { kind: 'ack', ...about, tableId: incoming.tableId, seq, failedCount: count, failed });
  }
}

/** A peer said how much of our table is on its disk. */
export function acknowledged({ rows }: Shared, node: NodeId, outgoing: Outgoing, ack: Ack): void {
  outgoing.acked = Math.max(outgoing.acked, ack.seq);
  outgoing.failed = ack.failed;
  outgoing.failedCount = ack.failedCount;
  const before = rows.progress(node);
  rows.setProgress(node, {
    theirTable: before?.theirTable ?? '',
    theirSeq: before?.theirSeq ?? 0,
    ourTable: ack.tableId,
    ourSeq: outgoing.acked,
  });
}

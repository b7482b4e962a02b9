/**
 * Now and then two nodes that believe they are equal compare their tables as a whole. A difference is a lost write or a
 * bug: it is said loudly, and healed by telling each other everything again, which changes nothing that is right.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { sameFingerprint } from '../core/fingerprint.ts';
import type { NodeId } from '../core/types.ts';
import type { MappingEngine } from './mapping-engine.ts';
import type { Session } from './session.ts';
import { sumRows } from './verify-tree.ts';

const sumResult = z.object({
  count: z.number(),
  fingerprint: z.tuple([z.number(), z.number(), z.number(), z.number()]),
});
/** Changes may be on their way: a difference counts when it is there again after this many ms without a change. */
const AGAIN = 3000;

export type Compared = 'equal' | 'healed' | 'busy';

/** Compares this mapping's table with the peer's, and heals a difference. */
export async function compareTables(
  engine: MappingEngine,
  peer: NodeId,
  session: Session,
): Promise<Compared> {
  const { replica } = engine;
  for (const wait of [AGAIN, 0]) {
    if (!isQuiet(engine, peer)) return 'busy';
    const before = replica.shared.rows.lastSeq();
    const theirs = sumResult.parse(await session.calls.call('rows.sum', replica.shared.about));
    const ours = await sumRows(replica.shared.rows);
    if (replica.shared.rows.lastSeq() !== before) return 'busy';
    if (ours.count === theirs.count && sameFingerprint(ours.fingerprint, theirs.fingerprint)) return 'equal';
    await delay(wait);
  }
  replica.exchangeAll(peer);
  return 'healed';
}

function isQuiet({ replica }: MappingEngine, peer: NodeId): boolean {
  const { rows } = replica.shared;
  const { pending, blocked } = rows.totals();
  // A peer is asked to slow down while this node is behind with its disk: not everything was told then.
  if (replica.standing(peer).kind !== 'open' || pending > blocked) return false;
  return replica.acked(peer) >= rows.lastSeq();
}

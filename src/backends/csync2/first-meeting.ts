/**
 * The first meeting with a peer, of a node whose csync2 knew nothing of the mapping: csync2 by itself would let whoever
 * writes first overwrite the others. What only one of both has goes to the other; where both differ, the group's policy
 * decides; where it does not, a person does.
 */
import type { Auto } from '../../config/model.ts';
import { chooseVersion } from './choice.ts';
import type { Divergence } from './peer-tables.ts';

export interface Meeting {
  /** to be sent by this node */
  readonly ours: readonly string[];
  /** to be sent by the peer */
  readonly theirs: readonly string[];
  /** a person must choose */
  readonly undecided: readonly string[];
}

export interface Side {
  readonly receiveOnly: boolean;
  /** its host is listed before the other's */
  readonly isFirst: boolean;
}

export function settleMeeting(auto: Auto, us: Side, them: Side, divergences: readonly Divergence[]): Meeting {
  const meeting = { ours: [] as string[], theirs: [] as string[], undecided: [] as string[] };
  for (const { name, ours, theirs } of divergences) {
    // What a receiver has does not count for anybody.
    if ((ours === null && them.receiveOnly) || (theirs === null && us.receiveOnly)) continue;
    const winner = winnerOf(auto, us, them, { ours, theirs });
    if (winner === null) meeting.undecided.push(name);
    else meeting[winner].push(name);
  }
  return meeting;
}

function winnerOf(
  auto: Auto,
  us: Side,
  them: Side,
  { ours, theirs }: Pick<Divergence, 'ours' | 'theirs'>,
): 'ours' | 'theirs' | null {
  if (us.receiveOnly) return them.receiveOnly ? null : 'theirs';
  if (them.receiveOnly) return 'ours';
  if (ours === null) return 'theirs';
  if (theirs === null) return 'ours';
  return chooseVersion(
    auto,
    { checktxt: ours, isFirst: us.isFirst },
    { checktxt: theirs, isFirst: them.isFirst },
  );
}

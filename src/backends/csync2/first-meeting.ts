/**
 * The first meeting with a peer, of a node whose csync2 knew nothing of the mapping: csync2 by itself would let whoever
 * writes first overwrite the others. What only one of both has goes to the other, unless that one has deleted it since its
 * csync2 knows of it; where both differ, the group's policy decides; where it does not, a person does.
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

/** Names that a node no longer has, and whose deletion it owes to others. */
export interface Deletions {
  readonly ours: ReadonlySet<string>;
  readonly theirs: ReadonlySet<string>;
}

export function settleMeeting(
  auto: Auto,
  us: Side,
  them: Side,
  divergences: readonly Divergence[],
  deletions: Deletions,
): Meeting {
  const meeting = { ours: [] as string[], theirs: [] as string[], undecided: [] as string[] };
  for (const { name, ours, theirs } of divergences) {
    // What a receiver has does not count for anybody.
    if ((ours === null && them.receiveOnly) || (theirs === null && us.receiveOnly)) continue;
    const winner = winnerOf(auto, us, them, { name, ours, theirs }, deletions);
    if (winner === null) meeting.undecided.push(name);
    else meeting[winner].push(name);
  }
  return meeting;
}

function winnerOf(
  auto: Auto,
  us: Side,
  them: Side,
  { name, ours, theirs }: Divergence,
  deletions: Deletions,
): 'ours' | 'theirs' | null {
  if (us.receiveOnly) return them.receiveOnly ? null : 'theirs';
  if (them.receiveOnly) return 'ours';
  if (ours === null) return deletions.ours.has(name) ? 'ours' : 'theirs';
  if (theirs === null) return deletions.theirs.has(name) ? 'theirs' : 'ours';
  return chooseVersion(
    auto,
    { checktxt: ours, isFirst: us.isFirst },
    { checktxt: theirs, isFirst: them.isFirst },
  );
}

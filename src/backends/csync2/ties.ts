/**
 * Conflicts that csync2 itself never ends: where both versions have the same time and size, as after a chmod on each
 * node, its policies let both lose. By csyncd's own reading of the policy exactly one of the two nodes wins: that one
 * sends its version all the same.
 */
import type { Auto } from '../../config/model.ts';
import { chooseVersion } from './choice.ts';
import { decode } from './encoding.ts';
import type { Local } from './local.ts';
import type { Other } from './members.ts';

/** Most conflicts end by themselves before, when the other node sends what won, ms. */
export const LASTING_MS = 30_000;
const MOST = 1_000;

/**
 * @param names that lost against a peer, by what csync2 says
 * @returns those that are sent with the next update whatever the peer says. Rejects when the peer cannot be asked.
 */
export async function forceWinners(
  local: Local,
  auto: Auto,
  other: Other,
  names: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  if (auto === 'none' || auto === 'keep-both' || names.length === 0) return [];
  const asked = names.slice(0, MOST);
  const ours = await local.alone(() => local.table.texts(asked), signal);
  const theirs = await textsAt(local, other.host, asked, signal);
  const winners = asked.filter((name) => {
    const [here, there] = [ours.get(name), theirs.get(name)];
    // What is there is worth more than what was removed.
    if (here === undefined || there === undefined) return here !== undefined;
    const us = { checktxt: decode(here), isFirst: !other.isFirst };
    return chooseVersion(auto, us, { checktxt: there, isFirst: other.isFirst }) === 'ours';
  });
  await local.force(winners, other.host, signal);
  return winners;
}

async function textsAt(
  local: Local,
  host: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  const session = await local.session(host, signal);
  try {
    for (const name of names) {
      await session.list(local.settings.key, name, (found, text) => {
        if (found === name) texts.set(name, text);
      });
    }
  } finally {
    await session.close();
  }
  return texts;
}

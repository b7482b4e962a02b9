/**
 * Makes one host's version of names everybody's: no other host owes them to anybody any more, and that one sends them
 * again. csync2's own client cannot ask for that; its server can be asked.
 */
import type { Local } from './local.ts';
import type { Csync2Mapping } from './mapping.ts';
import type { PeerSession } from './peer-session.ts';

export interface Parties {
  /** csync2's name of the host whose version shall be everywhere */
  readonly winner: string;
  /** hosts that give up what they owe, if they are reached; this node is always one */
  readonly losers: readonly string[];
  /** What is here is recorded, and about to be given up. */
  readonly onGiveUp?: () => Promise<void>;
  /**
   * What this node has recorded of each name that it gives up, null = nothing: what has been recorded since, it does not. By
   * default it gives up whatever is there.
   */
  readonly recorded?: ReadonlyMap<string, string | null>;
}

export async function takeOver(
  mapping: Csync2Mapping,
  { winner, losers, onGiveUp, recorded }: Parties,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (names.length === 0) return;
  const { local } = mapping.parts;
  const { key } = local.settings;
  const each = (host: string, ask: (session: PeerSession, name: string) => Promise<void>) =>
    withSession(local, host, signal, async (session) => {
      for (const name of names) await ask(session, name);
    });
  const flush = (host: string) => each(host, (session, name) => session.flush(key, name));
  // When the winner is not reached, nothing is given up.
  await withSession(local, winner, signal, async () => null);
  if (recorded === undefined) await mapping.giveUp(names, signal, onGiveUp);
  else await local.alone(() => local.strike(recorded), signal);
  await Promise.allSettled(losers.map(flush));
  await each(winner, (session, name) => session.mark(key, name));
}

async function withSession<T>(
  local: Local,
  host: string,
  signal: AbortSignal,
  use: (session: PeerSession) => Promise<T>,
): Promise<T> {
  const session = await local.session(host, signal);
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

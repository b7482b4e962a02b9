/** What an update leaves behind that csync2 by itself would never put right. */
import type { Local } from './local.ts';
import type { Outcome } from './peer-run.ts';

/**
 * csync2 sends what is on the disk, not what it has recorded: for a name whose deletion was owed, a file that was created
 * meanwhile. When that one is removed before it is recorded, nothing tells that the peer has it. So such a name stays owed
 * until it is recorded, or its deletion has been sent.
 */
export async function sentUnrecorded(
  local: Local,
  { sent }: Pick<Outcome, 'sent'>,
  signal: AbortSignal,
): Promise<string[]> {
  const names = sent.flatMap(({ name, action }) => (action === 'update' ? [name] : []));
  if (names.length === 0) return [];
  const recorded = await local.alone(() => local.table.texts(names), signal);
  return names.filter((name) => !recorded.has(name));
}

/** A deletion below what is no directory at the peer: it fails for ever, and nothing is left to be deleted there. */
export function deletedAnyway({ failed }: Pick<Outcome, 'failed'>): string[] {
  return failed.flatMap(({ name, action, message }) =>
    action === 'delete' && message?.includes('Not a directory') === true ? [name] : [],
  );
}

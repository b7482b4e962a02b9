/** Where this node has a content that a peer asks for. */
import type { RelPath, Sha256, Value } from '../core/types.ts';
import type { Located } from './content-transfer.ts';
import type { Replica } from './replica.ts';

/** On the disk at that path, at hand in memory, or in the backup; null when nowhere. */
export function locateContent(replica: Replica, path: RelPath, sha256: Sha256): Located | null {
  const { rows, contents } = replica.shared;
  const stored = rows.get(path);
  const applied = stored?.applied;
  if (applied?.identity && holds(applied.value, sha256))
    return { kind: 'path', path, identity: applied.identity };
  const bytes = contents.get(sha256);
  if (bytes !== null) return { kind: 'bytes', bytes };
  for (const known of [path, stored?.movedFrom ?? null]) {
    if (known === null) continue;
    for (const backup of rows.backups(known))
      if (holds(backup.value, sha256)) return { kind: 'backup', id: backup.id };
  }
  return null;
}

function holds(value: Value, sha256: Sha256): boolean {
  return value.kind === 'file' && value.sha256 === sha256;
}

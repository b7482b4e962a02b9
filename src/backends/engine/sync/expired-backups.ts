/** Which backups have served their time: by generations a path, and by age. */
import type { MappingStore } from '../store/store.ts';

export interface BackupRules {
  readonly generations: number;
  readonly keepMs: number;
}

/** Backups looked at before other work of the process gets its turn. */
const PIECE = 1000;

/** Backups to remove now. The newest `generations` of a path are kept, none longer than `keepMs`. */
export async function expiredBackups(rows: MappingStore, rules: BackupRules, now: number): Promise<string[]> {
  const newest = new Map<string, number>();
  const expired: string[] = [];
  let looked = 0;
  for (const backup of rows.backups(null)) {
    if (++looked % PIECE === 0) await new Promise((resolve) => setImmediate(resolve));
    const kept = newest.get(backup.path) ?? 0;
    if (kept >= rules.generations || backup.time < now - rules.keepMs) expired.push(backup.id);
    else newest.set(backup.path, kept + 1);
  }
  return expired;
}

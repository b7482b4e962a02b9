/** Which backups have served their time: by generations a path, and by age. */
import type { MappingStore } from '../store/store.ts';

export interface BackupRules {
  readonly generations: number;
  readonly keepMs: number;
}

/** Backups to remove now. The newest `generations` of a path are kept, none longer than `keepMs`. */
export function expiredBackups(rows: MappingStore, rules: BackupRules, now: number): string[] {
  const newest = new Map<string, number>();
  const expired: string[] = [];
  for (const backup of rows.backups(null)) {
    const kept = newest.get(backup.path) ?? 0;
    if (kept >= rules.generations || backup.time < now - rules.keepMs) expired.push(backup.id);
    else newest.set(backup.path, kept + 1);
  }
  return expired;
}

/** The backup that a planned change of the disk will make of what is there now. */
import { isConflict } from '../core/policy.ts';
import { isLive } from '../core/value.ts';
import type { Backup } from '../store/store.ts';
import { authorOf, type Planned } from './outcomes.ts';
import type { Shared } from './shared.ts';

/** null when there is nothing to keep. */
export function plannedBackup(shared: Shared, { plan, before }: Planned): Backup | null {
  const { path, backupId, from } = plan.change;
  if (backupId === null || from === null) return null;
  return {
    id: backupId,
    path,
    time: shared.effects.now(),
    value: from,
    dots: before?.dots ?? [],
    node: authorOf(plan.want) ?? shared.settings.node,
    reason: reasonOf(shared, plan),
  };
}

function reasonOf({ table }: Shared, { change }: Planned['plan']): Backup['reason'] {
  const { row, applied } = table.get(change.path);
  if (applied !== null && applied.dots.length === 0) return 'reverted';
  if (isConflict(row)) return 'conflict';
  return isLive(change.to) ? 'replaced' : 'deleted';
}

/** What goes with which backend, and the names of actions. */
import type { CheckContext } from './check.ts';
import { checkCsync2 } from './check-csync2.ts';
import type { GroupSection } from './schema.ts';
import { showPath } from './tree.ts';

export function checkBackends(context: CheckContext): void {
  for (const [name, group] of Object.entries(context.file.groups)) {
    if (group.backend === 'csync2') checkCsync2(context, name, group);
    else if (group.csync2 !== undefined && context.complete) {
      const message = `${showPath(['groups', name, 'csync2'])} has no effect under backend: engine`;
      context.fault(['groups', name, 'csync2'], message, 'set backend: csync2, or drop it');
    }
    checkActions(context, name, group);
  }
}

function checkActions(context: CheckContext, name: string, group: GroupSection): void {
  const seen = new Set<string>();
  for (const [at, action] of group.actions.entries()) {
    if (seen.has(action.name)) {
      const path = ['groups', name, 'actions', at, 'name'];
      context.fault(path, `group ${name} has two actions named ${action.name}`, 'give each its own name');
    }
    seen.add(action.name);
  }
}

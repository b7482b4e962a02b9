/** What goes with which backend, and the names of actions. */
import type { CheckContext } from './check.ts';
import { entryOf } from './hosts.ts';
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

function checkCsync2(context: CheckContext, name: string, group: GroupSection): void {
  if (group.auto === 'keep-both') {
    const message = `groups.${name}.auto: csync2 has no keep-both`;
    context.fault(['groups', name, 'auto'], message, 'choose another policy, or backend: engine');
  }
  const configName = group.csync2?.config_name;
  if (configName !== undefined && !/^[a-z0-9]+$/.test(configName)) {
    const path = ['groups', name, 'csync2', 'config_name'];
    context.fault(path, `${showPath(path)}: csync2 takes only a-z and 0-9 in the name of a config`);
  }
  for (const [at, host] of group.hosts.entries()) {
    if (entryOf(host).port === undefined) continue;
    const path = ['groups', name, 'hosts', at, 'port'];
    const message = `${showPath(path)}: csync2 has one port for all hosts of a group`;
    context.fault(path, message, 'set it as csync2: { port: … } of the group');
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

/** Hosts: who they are, and that every group says the same of them. */
import type { CheckContext } from './check.ts';
import { printEndpoint } from './endpoint.ts';
import { hostsOf } from './hosts.ts';
import type { Host } from './model.ts';
import type { GroupSection } from './schema.ts';
import type { TreePath } from './tree.ts';

export function checkHosts(context: CheckContext): void {
  const groups = Object.entries(context.file.groups);
  if (groups.length === 0 && context.complete) {
    context.fault(
      ['groups'],
      'no group is defined',
      'a group names hosts, their key and the mappings they share',
    );
  }
  for (const [name, group] of groups) checkGroup(context, name, group);
  checkAcrossGroups(context, groups);
}

function checkGroup(context: CheckContext, name: string, group: GroupSection): void {
  const path = ['groups', name, 'hosts'];
  const hosts = hostsOf(group);
  const seen = new Map<string, string>();
  for (const [at, host] of hosts.entries()) {
    const lower = host.name.toLowerCase();
    if (seen.has(lower)) {
      context.fault(
        [...path, at],
        `host ${host.name} is in group ${name} twice`,
        'every host is listed once',
      );
      continue;
    }
    seen.set(lower, host.name);
    const twin = hosts.slice(0, at).find((other) => reach(other) === reach(host));
    if (twin !== undefined) {
      const message = `hosts ${twin.name} and ${host.name} have the same address and port, ${reach(host)}`;
      context.fault([...path, at], message, 'give each host its own address or port');
    }
  }
  if (!context.complete) return;
  if (hosts.length === 0) {
    context.fault(path, `group ${name} has no hosts`, 'list all nodes of the group, this one too');
  } else if (hosts.every((host) => host.role === 'receive')) {
    const hint = 'at least one host needs role: full';
    context.fault(path, `every host of group ${name} has role receive, so nothing is ever sent`, hint);
  } else if (hosts.length === 1) {
    context.warn(path, `group ${name} has one host, so nothing is shared yet`);
  }
}

/** One connection serves all groups that two nodes share. */
function checkAcrossGroups(context: CheckContext, groups: readonly [string, GroupSection][]): void {
  const known = new Map<string, { group: string; host: Host }>();
  for (const [name, group] of groups) {
    if (group.backend !== 'engine') continue;
    for (const [at, host] of hostsOf(group).entries()) {
      const first = known.get(host.name);
      if (first === undefined) {
        known.set(host.name, { group: name, host });
      } else if (first.group !== name && reach(first.host) !== reach(host)) {
        const path: TreePath = ['groups', name, 'hosts', at];
        const message = `host ${host.name} is at ${reach(host)} in group ${name}, but at ${reach(first.host)} in group ${first.group}`;
        context.fault(
          path,
          message,
          'two nodes share one connection for all groups: give the same address and port',
        );
      }
    }
  }
}

function reach(host: Host): string {
  return printEndpoint({ host: host.address, port: host.port });
}

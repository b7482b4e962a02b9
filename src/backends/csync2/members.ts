/** The nodes of a group to csync2. */
import { csync2HostName } from '../../config/csync2/names.ts';
import type { Group, Host } from '../../config/model.ts';
import type { Side } from './first-meeting.ts';

/** A peer, and how it stands to this node. */
export interface Other extends Side {
  readonly node: string;
  /** csync2's name of it */
  readonly host: string;
}

export function hostOf(group: Group, node: string): Host {
  const host = group.hosts.find(({ name }) => name === node);
  if (host === undefined) throw new Error(`${node} is no host of group ${group.name}`);
  return host;
}

export function othersOf({ hosts }: Group, self: Host): Other[] {
  const at = hosts.indexOf(self);
  return hosts.flatMap((host, index) => {
    if (host === self) return [];
    const { name: node, role } = host;
    return [{ node, host: csync2HostName(host), receiveOnly: role === 'receive', isFirst: index < at }];
  });
}

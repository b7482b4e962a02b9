/** A group's hosts in full: a name alone stands for a host at that name, on the default port. */
import { DEFAULT_PORT } from './fields.ts';
import type { Host } from './model.ts';
import type { ConfigFile, GroupSection, HostEntry } from './schema.ts';

export function hostsOf(group: GroupSection): Host[] {
  // csync2 has one port for all hosts of a config.
  const groupPort = group.backend === 'csync2' ? group.csync2?.port : undefined;
  return group.hosts.map((written) => {
    const { name, address = name, port = groupPort ?? DEFAULT_PORT, role } = entryOf(written);
    return { name, address, port, role };
  });
}

export function entryOf(written: string | HostEntry): HostEntry {
  return typeof written === 'string' ? { name: written, role: 'full' } : written;
}

/** The groups that a node is a host of. */
export function groupsOf(file: ConfigFile, node: string | null): [string, GroupSection][] {
  return Object.entries(file.groups).filter(([, group]) => hostsOf(group).some((host) => host.name === node));
}

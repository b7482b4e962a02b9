/** How csync2 names what csyncd knows: in its config, its database and its output. */
import { textToBytes } from '../../util/bytes.ts';
import type { Group, Host, Mapping } from '../model.ts';

/**
 * A node to csync2: its address. What csync2 calls a host it also dials, and its listener binds to its own, so that a
 * name that does not resolve ends it. It lower-cases them all.
 */
export function csync2HostName(host: Host): string {
  return host.address.toLowerCase();
}

/** The file in which a node's csync2 keeps what it knows. */
export function databaseFile({ hosts, csync2 }: Group, node: string): string {
  const self = hosts.find((host) => host.name === node);
  if (self === undefined || csync2 === null) throw new Error(`${node} has no csync2 database`);
  const suffix = csync2.configName === null ? '' : `_${csync2.configName}`;
  // In a file of its own a host is called by its name, whatever its address.
  const name = csync2.configFile === null ? csync2HostName(self) : self.name.toLowerCase();
  return `${csync2.databaseDir}/${name}${suffix}.db3`;
}

/** csync2's `group` block of a mapping: one each, because its name patterns hold for a whole block. */
export function blockName(group: Group, mapping: Mapping): string {
  return `${group.name}_${mapping.name}`;
}

/**
 * The mapping's root as a byte string; a path in it is `ROOT/PATH`. Where nodes keep it in different places it is a
 * prefix: each node puts its own directory in its place.
 */
export function rootName(mapping: Pick<Mapping, 'name' | 'path' | 'paths'>): string {
  return hasPrefix(mapping) ? `%${mapping.name}%` : textToBytes(mapping.path);
}

export function hasPrefix(mapping: Pick<Mapping, 'paths'>): boolean {
  return Object.keys(mapping.paths).length > 0;
}

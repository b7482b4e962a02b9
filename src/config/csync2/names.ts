/** How csync2 names what csyncd knows: in its config, its database and its output. */
import { textToBytes } from '../../util/bytes.ts';
import type { Csync2Options, Group, Host, Mapping } from '../model.ts';

/**
 * A node to csync2: its address. What csync2 calls a host it also dials, and its listener binds to its own, so that a
 * name that does not resolve ends it. It lower-cases them all.
 */
export function csync2HostName(host: Host): string {
  return host.address.toLowerCase();
}

/** What this node is called in its own csync2.cfg (`-N`). In one that is managed elsewhere a host has a name besides its address. */
export function ownHostName({ csync2 }: Group, self: Host): string {
  return csync2?.configFile == null ? csync2HostName(self) : self.name.toLowerCase();
}

/** The file in which a node's csync2 keeps what it knows. */
export function databaseFile(group: Group, node: string): string {
  const { hosts, csync2 } = group;
  const self = hosts.find((host) => host.name === node);
  if (self === undefined || csync2 === null) throw new Error(`${node} has no csync2 database`);
  return databaseFileOf(csync2, ownHostName(group, self));
}

export type DatabasePlace = Pick<Csync2Options, 'configName' | 'databaseDir'>;

/** @param host csync2's own name of the node */
export function databaseFileOf({ configName, databaseDir }: DatabasePlace, host: string): string {
  const suffix = configName === null ? '' : `_${configName}`;
  return `${databaseDir}/${host}${suffix}.db3`;
}

/** csync2's `group` block of a mapping: one each, because its name patterns hold for a whole block. */
export function blockName(group: Group, mapping: Mapping): string {
  return `${group.name}_${mapping.name}`;
}

/**
 * The mapping's root as a byte string; a path in it is `ROOT/PATH`. Where nodes keep it in different places it is a
 * prefix: each node puts its own directory in its place.
 *
 * @param roots how a csync2.cfg that is managed elsewhere names them (`Csync2Options.roots`)
 */
export function rootName(
  mapping: Pick<Mapping, 'name' | 'path' | 'paths'>,
  roots: Readonly<Record<string, string>> = {},
): string {
  const named = roots[mapping.name];
  if (named !== undefined) return named;
  return hasPrefix(mapping) ? `%${mapping.name}%` : textToBytes(mapping.path);
}

export function hasPrefix(mapping: Pick<Mapping, 'paths'>): boolean {
  return Object.keys(mapping.paths).length > 0;
}

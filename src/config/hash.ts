/** What must be the same on all nodes of a group, as a fingerprint that they compare when they meet. */
import { createHash } from 'node:crypto';
import type { Group, Mapping } from './model.ts';

/**
 * SHA-256 in hex over a mapping's rules, owner policy, conflict policy, and the hosts with their order and roles. Not
 * over addresses, paths, delays and whatever else a node may have of its own.
 */
export function configHash(group: Group, mapping: Mapping): string {
  const same = {
    version: 1,
    group: group.name,
    mapping: mapping.name,
    auto: group.auto,
    hosts: group.hosts.map((host) => [host.name, host.role]),
    owner: mapping.owner,
    exclude: mapping.exclude,
    include: mapping.include,
  };
  return createHash('sha256').update(JSON.stringify(same)).digest('hex');
}

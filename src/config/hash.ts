/** What must be the same on all nodes of a group, as a fingerprint that they compare when they meet. */
import { createHash } from 'node:crypto';
import type { Group, Mapping } from './model.ts';

/**
 * SHA-256 in hex over a mapping's rules, owner policy and conflict policy. Not over addresses, paths, delays and whatever
 * else a node may have of its own. The hosts count only where their order decides conflicts: a host that joins must not
 * part the nodes that know of it from those that do not yet.
 */
export function configHash(group: Group, mapping: Mapping): string {
  const same = {
    version: 1,
    group: group.name,
    mapping: mapping.name,
    auto: group.auto,
    hosts: group.auto === 'left' || group.auto === 'right' ? group.hosts.map((host) => host.name) : [],
    owner: mapping.owner,
    exclude: mapping.exclude,
    include: mapping.include,
  };
  return createHash('sha256').update(JSON.stringify(same)).digest('hex');
}

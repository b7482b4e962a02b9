/** From the config to what the engine's parts are told. */
import { configHash } from '../../config/hash.ts';
import type { Config, Group, Mapping } from '../../config/model.ts';
import { CsyncdError } from '../../util/errors.ts';
import type { NodeId } from './core/types.ts';
import type { Identity } from './net/identity.ts';
import type { NetworkSettings } from './net/network.ts';
import type { ReplicaSettings } from './sync/settings.ts';

export function engineGroups(config: Config): readonly Group[] {
  return config.groups.filter((group) => group.backend === 'engine');
}

export function groupOf(config: Config, name: string): Group {
  const group = config.groups.find((one) => one.name === name);
  if (group === undefined) throw new CsyncdError('unknown-group', `there is no group ${name}`);
  return group;
}

export function mappingOf(config: Config, group: string, name: string): Mapping {
  const mapping = groupOf(config, group).mappings.find((one) => one.name === name);
  if (mapping === undefined)
    throw new CsyncdError('unknown-mapping', `group ${group} has no mapping ${name}`);
  return mapping;
}

export function replicaSettings(config: Config, group: Group, mapping: Mapping): ReplicaSettings {
  return {
    group: group.name,
    mapping: mapping.name,
    node: config.node as NodeId,
    receiveOnly: group.role === 'receive',
    hosts: group.hosts.map((host) => host.name as NodeId),
    policy: group.auto,
    configHash: configHash(group, mapping),
    maxDeletePercent: mapping.maxDeletePercent,
  };
}

/** The group's other nodes, in the config's order. */
export function otherNodes(config: Config, group: Group): NodeId[] {
  return group.hosts.filter((host) => host.name !== config.node).map((host) => host.name as NodeId);
}

/** Of the groups that have a key here. A node in several groups is dialed once. */
export function networkSettings(
  config: Config,
  keys: ReadonlyMap<string, Buffer>,
  identity: Identity,
): NetworkSettings {
  const groups = engineGroups(config).filter((group) => keys.has(group.name));
  const peers = new Map(
    groups
      .flatMap((group) => group.hosts)
      .filter((host) => host.name !== config.node)
      .map((host) => [host.name, host]),
  );
  return {
    listen: config.listen,
    peers: [...peers.values()].map((host) => ({
      name: host.name as NodeId,
      host: host.address,
      port: host.port,
    })),
    groups: groups.flatMap(({ name, hosts }) => {
      const key = keys.get(name);
      return key === undefined ? [] : [{ name, key, members: hosts.map((host) => host.name as NodeId) }];
    }),
    identity,
    limits: config.limits,
  };
}

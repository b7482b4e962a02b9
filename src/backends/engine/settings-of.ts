/** From the config to what the engine's parts are told. */
import { configHash } from '../../config/hash.ts';
import { readGroupKey } from '../../config/key.ts';
import type { Config, Group, Mapping } from '../../config/model.ts';
import type { NodeId } from './core/types.ts';
import type { Identity } from './net/identity.ts';
import type { NetworkSettings } from './net/network.ts';
import type { ReplicaSettings } from './sync/settings.ts';

export function engineGroups(config: Config): readonly Group[] {
  return config.groups.filter((group) => group.backend === 'engine');
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

/** Reads the group keys; throws a CsyncdError that names the file. A node in several groups is dialed once. */
export function networkSettings(config: Config, identity: Identity): NetworkSettings {
  const groups = engineGroups(config);
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
    groups: groups.map((group) => ({
      name: group.name,
      key: Buffer.from(readGroupKey(group.keyFile), 'utf8'),
      members: group.hosts.map((host) => host.name as NodeId),
    })),
    identity,
    limits: config.limits,
  };
}

/** Identities of this node and its peers, as `csyncd peers` shows them. */
import type { Config } from '../../config/model.ts';
import type { PeersAnswer } from '../backend.ts';
import type { NodeId } from './core/types.ts';
import type { Identity } from './net/identity.ts';
import type { Pins } from './net/pins.ts';
import type { Sessions } from './sessions.ts';
import { engineGroups } from './settings-of.ts';

export function listPeers(config: Config, identity: Identity, pins: Pins, sessions: Sessions): PeersAnswer {
  const hosts = new Map(
    engineGroups(config).flatMap((group) => group.hosts.map((host) => [host.name, host] as const)),
  );
  hosts.delete(config.node);
  const peers = [...hosts.values()].map((host) => {
    const pin = pins.get(host.name);
    const linked = sessions.get(host.name as NodeId) !== null;
    const problem = sessions.lastProblem(host.name as NodeId);
    return {
      node: host.name,
      fingerprint: pin?.fingerprint ?? null,
      pinned_at: pin === null ? null : new Date(pin.since).toISOString(),
      address: `${host.address}:${host.port}`,
      state: linked ? 'linked' : (problem?.code ?? 'connecting'),
      last_error: problem?.message ?? null,
    };
  });
  return { self: { node: config.node, fingerprint: identity.fingerprint }, peers };
}

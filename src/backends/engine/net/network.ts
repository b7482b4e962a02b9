/** The links of one node: listens, dials all peers, and follows the config while it runs. */
import { randomUUID } from 'node:crypto';
import type { NodeId } from '../core/types.ts';
import { FEATURES } from '../wire/features.ts';
import { TIMING } from './context.ts';
import type { Context, Timing } from './context.ts';
import type { GroupKey } from './group-key.ts';
import type { Identity } from './identity.ts';
import type { Network, NetworkEvents } from './link.ts';
import { Listener } from './listener.ts';
import type { ListenAddress } from './listener.ts';
import { Peer } from './peer.ts';
import type { PeerAddress } from './peer.ts';
import type { Pins } from './pins.ts';
import { Strangers } from './strangers.ts';
import { TokenBucket } from './token-bucket.ts';

/** What a reload may change. */
export interface NetworkSettings {
  readonly listen: ListenAddress;
  readonly peers: readonly PeerAddress[];
  readonly groups: readonly GroupKey[];
  readonly identity: Identity;
  /** bytes a second over all links, rows and bulk; 0 = none */
  readonly limits: { readonly sendRate: number; readonly receiveRate: number };
}

export interface NetworkOptions extends NetworkSettings {
  readonly node: NodeId;
  /** csyncd's version, to show */
  readonly version: string;
  readonly pins: Pins;
  readonly events: NetworkEvents;
  /** wall clock, ms since 1970 */
  readonly clock: { now(): number };
  /** for tests */
  readonly timing?: Partial<Timing>;
  readonly features?: readonly string[];
}

export interface RunningNetwork extends Network {
  /** This start's id, as peers see it. */
  readonly runId: string;
  /** Where it listens, with the real port when 0 was configured. */
  address(): ListenAddress;
  /** Connections that have proved nothing yet. */
  pending(): number;
  /**
   * Follows a changed config; links that it does not concern stay as they are. Rejects, and changes nothing, when the
   * new `listen` cannot be used.
   */
  reconfigure(settings: NetworkSettings): Promise<void>;
}

export function createNetwork(options: NetworkOptions): RunningNetwork {
  const { node, version, pins, events, clock } = options;
  const runId = randomUUID();
  const context: Context = {
    local: {
      node,
      run: runId,
      version,
      features: options.features ?? FEATURES,
      groups: options.groups,
      identity: options.identity,
      pins,
      now: () => clock.now(),
    },
    rates: {
      send: new TokenBucket(options.limits.sendRate),
      receive: new TokenBucket(options.limits.receiveRate),
    },
    events,
    strangers: new Strangers(events),
    timing: { ...TIMING, ...options.timing },
  };
  const peers = new Map<string, Peer>();
  let { listen, peers: wanted } = options;
  let address = listen;
  let listener: Listener | null = null;
  let starting: Promise<void> | null = null;

  function takePeers(addresses: readonly PeerAddress[]): void {
    for (const [name, peer] of peers) {
      if (addresses.some((wanted) => wanted.name === name)) continue;
      peers.delete(name);
      peer.stop('this node is no longer a peer');
    }
    for (const wanted of addresses) {
      const known = peers.get(wanted.name);
      if (known === undefined) peers.set(wanted.name, new Peer(context, wanted));
      else known.address = wanted;
    }
  }

  async function relisten(wanted: ListenAddress): Promise<void> {
    if (listener === null) return void (listen = wanted);
    if (wanted.host === listen.host && wanted.port === listen.port) return listener.identityChanged();
    const next = new Listener(context, peers);
    // Another address with the same port may overlap with the old one (0.0.0.0), which must go first then.
    if (wanted.port === listen.port) await listener.close();
    try {
      address = await next.listen(wanted);
    } catch (error) {
      if (wanted.port === listen.port) await (listener = new Listener(context, peers)).listen(listen);
      throw error;
    }
    if (wanted.port !== listen.port) await listener.close();
    listener = next;
    listen = wanted;
  }

  async function begin(): Promise<void> {
    takePeers(wanted);
    const first = new Listener(context, peers);
    address = await first.listen(listen);
    listener = first;
    for (const peer of peers.values()) peer.nudge();
  }

  /** No group is left: the port is free for whoever serves them now. */
  async function rest(): Promise<void> {
    takePeers([]);
    await listener?.close();
    listener = null;
    starting = null;
  }

  return {
    runId,
    address: () => address,
    pending: () => listener?.pending ?? 0,
    start() {
      starting ??= begin().catch((error: unknown) => {
        starting = null;
        throw error;
      });
      return starting;
    },
    async stop() {
      for (const peer of peers.values()) peer.stop('the node stops');
      peers.clear();
      await listener?.close();
    },
    nudge: (peer) => peers.get(peer)?.nudge(),
    async reconfigure(settings) {
      const before = context.local;
      context.local = { ...before, groups: settings.groups, identity: settings.identity };
      try {
        await relisten(settings.listen);
      } catch (error) {
        context.local = before;
        throw error;
      }
      context.rates.send.setRate(settings.limits.sendRate);
      context.rates.receive.setRate(settings.limits.receiveRate);
      wanted = settings.peers;
      if (settings.groups.length === 0) return rest();
      // Before the start nobody is dialed.
      if (listener === null) return;
      takePeers(wanted);
      for (const peer of peers.values()) peer.reconfigured();
    },
  };
}

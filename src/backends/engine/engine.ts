/**
 * The bundled engine on this node: what its groups share (store, disk workers, network, control loop, sessions), and a
 * backend for each of them. main.ts opens one.
 */
import type { Config, Group } from '../../config/model.ts';
import { CsyncdError } from '../../util/errors.ts';
import { releaseSpareMemory } from '../../sys/spare-memory.ts';
import { version } from '../../util/version.ts';
import type { Logger } from '../../util/log.ts';
import type { Backend, FailureListener, PeersAnswer, VerifyResult } from '../backend.ts';
import type { NodeServices } from '../node-services.ts';
import { Audit } from './audit.ts';
import type { NodeId } from './core/types.ts';
import { openDiskPool, type DiskPool } from './disk/pool.ts';
import { GroupBackend } from './group-backend.ts';
import type { PeerFacts } from './peer-status.ts';
import { noteStart, noteStop } from './last-stop.ts';
import { listPeers } from './list-peers.ts';
import { loadIdentity, type Identity } from './net/identity.ts';
import { createNetwork } from './net/network.ts';
import { createPins, type Pins } from './net/pins.ts';
import { MappingEngines } from './mapping-engines.ts';
import { ServedGroups } from './served-groups.ts';
import { Sessions } from './sessions.ts';
import { groupOf, mappingOf, otherNodes } from './settings-of.ts';
import { Pauses } from './pauses.ts';
import type { Store } from './store/store.ts';
import { openStore } from './store/sqlite.ts';
import type { ContentTransfer } from './sync/content-transfer.ts';
import { createContentTransfer } from './sync/content/transfer.ts';
import { ControlLoop } from './sync/control-loop.ts';
import { Dots } from './sync/dots.ts';
import { Housekeeping } from './housekeeping.ts';
import { Rest } from './rest.ts';
import { locateContent } from './sync/locate-content.ts';
import type { MappingEngine } from './sync/mapping-engine.ts';
import { verifyMapping } from './sync/verify-mapping.ts';

/** What is being applied is waited for at a stop, ms. */
const DRAIN = 8000;

export interface EngineOptions {
  readonly config: Config;
  readonly log: Logger;
}

/**
 * Opens the store and this node's identity; throws a CsyncdError, also when no group's key can be read. Nothing is dialed
 * before the first group starts.
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { config } = options;
  const store = openStore(config.stateDir);
  try {
    const identity = await loadIdentity({ node: config.node, stateDir: config.stateDir, tls: config.tls });
    return new Engine(options, store, identity);
  } catch (error) {
    store.close();
    throw error;
  }
}

export class Engine {
  readonly trail: Audit;
  readonly #options: EngineOptions;
  readonly #store: Store;
  readonly #identity: Identity;
  readonly #pins: Pins;
  readonly #pauses: Pauses;
  readonly #disks: DiskPool;
  readonly #loop: ControlLoop;
  readonly #sessions: Sessions;
  readonly #groups: ServedGroups;
  readonly #transfer: ContentTransfer;
  readonly #housekeeping: Housekeeping;
  readonly #rest = new Rest(() => void this.#release());
  readonly #engines: MappingEngines;
  #config: Config;
  #isStarted = false;

  constructor(options: EngineOptions, store: Store, identity: Identity) {
    const { config, log } = options;
    this.#options = options;
    this.#config = config;
    this.#store = store;
    this.#identity = identity;
    this.trail = new Audit(store, log);
    this.#pins = createPins(store);
    this.#pauses = new Pauses(store);
    this.#disks = openDiskPool({ stateDir: config.stateDir, log });
    const dots = new Dots(config.node as NodeId, store, Date.now);
    noteStart(store, dots);
    this.#engines = new MappingEngines(config, {
      store,
      dots,
      pauses: this.#pauses,
      audit: this.trail,
      log,
      openDisk: (group, { name, path, exclude, include, owner, durability }) =>
        this.#disks.open({ group, mapping: name, path, exclude, include, owner, durability }),
      sessions: () => this.#sessions,
      transfer: () => this.#transfer,
      wake: () => this.#loop.wake(),
    });
    this.#loop = new ControlLoop({
      engines: () => this.#engines.all(),
      credit: () => this.#sessions.credit(),
      now: Date.now,
    });
    this.#sessions = new Sessions({
      engines: (group) => this.#engines.of(group),
      transfer: () => this.#transfer,
      wake: () => this.#loop.wake(),
      now: Date.now,
      pauses: this.#pauses,
      log,
    });
    this.#groups = new ServedGroups(config, identity, (settings) =>
      createNetwork({
        ...settings,
        node: config.node as NodeId,
        version: version(),
        pins: this.#pins,
        events: this.#sessions,
        clock: { now: Date.now },
      }),
    );
    this.#transfer = createContentTransfer({
      sessions: (peer) => this.#sessions.get(peer)?.link ?? null,
      disk: (about) => this.#engines.find(about.group, about.mapping)?.disk ?? null,
      source: {
        locate: (about, path, sha256) => {
          const engine = this.#engines.find(about.group, about.mapping);
          return engine?.disk ? locateContent(engine.replica, path, sha256) : null;
        },
      },
    });
    this.#housekeeping = new Housekeeping({
      engines: () => this.#engines.all(),
      audit: this.trail,
      rules: (group) => groupOf(this.#config, group).backup,
      session: (group, peer) => this.#sessions.linkedTo(group, peer),
      log,
    });
  }

  /** The group's backend; its mappings are idle until they are attached. */
  async open(group: Group, onFailure: FailureListener): Promise<Backend> {
    if (group.actions.length > 0) {
      this.#options.log.warn({ group: group.name }, 'this csyncd does not run the actions of the config');
    }
    this.#engines.open(group, onFailure);
    for (const { path } of group.mappings) this.#disks.warmUp(path);
    return new GroupBackend({
      group: group.name,
      peers: () => otherNodes(this.#config, groupOf(this.#config, group.name)),
      peerFacts: (peer) => this.#peerFacts(group.name, peer),
      pausePeer: (peer, mapping, paused) =>
        this.#sessions.pause(this.#engines.get(group.name, mapping), peer, paused),
      pauseMapping: (mapping, paused) => {
        this.#pauses.set(group.name, mapping, null, paused);
        this.#engines.get(group.name, mapping).pause(paused);
      },
      engine: (mapping) => this.#engines.get(group.name, mapping),
      takeRoot: (mapping) =>
        this.#disks.prepareRoot(mappingOf(this.#config, group.name, mapping).path, false),
      engines: () => this.#engines.of(group.name),
      verify: (engine, { deep }, signal) => this.#verify(group.name, engine, deep, signal),
      start: () => this.#start().then(() => this.#groups.admit(group.name)),
      stop: () => this.#stopGroup(group.name),
    });
  }

  /** Follows a changed config; throws a CsyncdError and changes nothing when it cannot. */
  reconfigure(config: Config): Promise<void> {
    return this.#groups.follow(config, () => {
      this.#config = config;
      this.#engines.follow(config);
      this.#loop.wake();
    });
  }

  /** Finishes what is being applied and closes everything; resolves within 10 s. */
  async stop(): Promise<void> {
    this.#housekeeping.stop();
    this.#rest.stop();
    const engines = [...this.#engines.all()];
    for (const engine of engines) engine.halt();
    await Promise.race([
      Promise.all(engines.map((engine) => engine.drained())),
      new Promise((resolve) => setTimeout(resolve, DRAIN).unref()),
    ]);
    for (const engine of engines) engine.detach('stopping', 'the daemon stops');
    this.#loop.stop();
    await this.#groups.network.stop();
    await this.#disks.close();
    // What the closed workers and links owed is answered now, into a store that is still there.
    await new Promise((resolve) => setImmediate(resolve));
    this.#engines.stop();
    this.trail.stop();
    noteStop(this.#store, this.#options.log);
    this.#store.close();
  }

  get services(): NodeServices {
    return {
      audit: (event) => this.trail.add(event),
      notes: { get: (key) => this.#store.get(key), set: (key, value) => this.#store.set(key, value) },
      isPaused: (group, mapping, peer) => this.#pauses.has(group, mapping, peer as NodeId | null),
      setPaused: (group, mapping, peer, paused) =>
        void this.#pauses.set(group, mapping, peer as NodeId | null, paused),
      prepareRoot: (path, known) => this.#disks.prepareRoot(path, known),
    };
  }

  /** Identities of this node and its peers, as an operator sees them. */
  get peers(): { list(): PeersAnswer; forget(node: string): void } {
    return {
      list: () => listPeers(this.#config, this.#identity, this.#pins, this.#sessions),
      forget: (node) => {
        if (!this.#pins.forget(node))
          throw new CsyncdError('unknown-peer', `no certificate of ${node} is pinned`, {
            hint: 'csyncd peers shows whose are',
          });
        this.#groups.network.nudge(node as NodeId);
      },
    };
  }

  async #start(): Promise<void> {
    await this.#groups.network.start();
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#housekeeping.start();
    this.#rest.start();
  }

  /** What a time of much work needed; a peer that was not told of it yet asks for the contents. */
  async #release(): Promise<void> {
    for (const { replica } of this.#engines.all()) replica.shared.contents.clear();
    this.#store.rest();
    await this.#disks.release();
    releaseSpareMemory();
  }

  async #stopGroup(group: string): Promise<void> {
    const engines = this.#engines.of(group);
    for (const engine of engines) engine.halt();
    await Promise.all(engines.map((engine) => engine.drained()));
    for (const engine of engines) engine.detach('stopping', 'the group is stopped');
  }

  async #verify(
    group: string,
    engine: MappingEngine,
    deep: boolean,
    signal: AbortSignal,
  ): Promise<VerifyResult> {
    const peers = otherNodes(this.#config, groupOf(this.#config, group)).map(
      (peer) => [peer, this.#sessions.linkedTo(group, peer)] as const,
    );
    return verifyMapping(engine, new Map(peers), deep, signal);
  }

  #peerFacts(group: string, peer: NodeId): PeerFacts {
    const problem = this.#sessions.problemOf(group, peer);
    const session = this.#sessions.linkedTo(group, peer);
    return {
      role: groupOf(this.#config, group).hosts.find((host) => host.name === peer)?.role ?? 'full',
      isLinked: session !== null,
      paused: groupOf(this.#config, group).mappings.flatMap(({ name }) =>
        this.#pauses.has(group, name, peer) ? [name] : [],
      ),
      lastSeen: this.#sessions.lastSeen(peer),
      problem:
        problem === null
          ? null
          : { message: problem.message, hint: problem.hint, isRefusal: problem.code !== 'down' },
      clockSkewMs: session?.clockSkewMs ?? null,
    };
  }
}

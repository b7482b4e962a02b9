/**
 * The bundled engine on this node: what its groups share (store, disk workers, network, control loop, sessions), and a
 * backend for each of them. main.ts opens one.
 */
import type { Config, Group, Mapping } from '../../config/model.ts';
import { CsyncdError } from '../../util/errors.ts';
import { releaseSpareMemory } from '../../sys/spare-memory.ts';
import { version } from '../../util/version.ts';
import type { Logger } from '../../util/log.ts';
import type { Backend, FailureListener, PeersAnswer, VerifyResult } from '../backend.ts';
import { Audit } from './audit.ts';
import type { NodeId } from './core/types.ts';
import { openDiskPool, type DiskPool } from './disk/pool.ts';
import { GroupBackend } from './group-backend.ts';
import type { PeerFacts } from './peer-status.ts';
import { firstKeys, nextKeys, withKey, type GroupKeys } from './group-keys.ts';
import { noteStart, noteStop } from './last-stop.ts';
import { listPeers } from './list-peers.ts';
import { loadIdentity, type Identity } from './net/identity.ts';
import { createNetwork, type RunningNetwork } from './net/network.ts';
import { createPins, type Pins } from './net/pins.ts';
import { Sessions } from './sessions.ts';
import { engineGroups, networkSettings, otherNodes, replicaSettings } from './settings-of.ts';
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
import { MappingEngine } from './sync/mapping-engine.ts';
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
  readonly #dots: Dots;
  readonly #loop: ControlLoop;
  readonly #sessions: Sessions;
  readonly #network: RunningNetwork;
  readonly #transfer: ContentTransfer;
  readonly #housekeeping: Housekeeping;
  readonly #rest = new Rest(() => void this.#release());
  readonly #engines = new Map<string, MappingEngine>();
  readonly #onFailure = new Map<string, FailureListener>();
  #config: Config;
  #keys: GroupKeys;
  #started: Promise<void> | null = null;
  #lastChange: Promise<unknown> = Promise.resolve();
  #isRollingBack = false;
  #isStopped = false;

  constructor(options: EngineOptions, store: Store, identity: Identity) {
    const { config, log } = options;
    this.#options = options;
    this.#config = config;
    this.#keys = firstKeys(config);
    this.#store = store;
    this.#identity = identity;
    this.trail = new Audit(store, log);
    this.#pins = createPins(store);
    this.#pauses = new Pauses(store);
    this.#disks = openDiskPool({ stateDir: config.stateDir, log });
    this.#dots = new Dots(config.node as NodeId, store, Date.now);
    noteStart(store, this.#dots);
    this.#loop = new ControlLoop({
      engines: () => this.#engines.values(),
      credit: () => this.#sessions.credit(),
      now: Date.now,
    });
    this.#sessions = new Sessions({
      engines: (group) => this.#enginesOf(group),
      transfer: () => this.#transfer,
      wake: () => this.#loop.wake(),
      now: Date.now,
      pauses: this.#pauses,
      log,
    });
    this.#network = createNetwork({
      ...networkSettings(config, this.#keys, identity),
      node: config.node as NodeId,
      version: version(),
      pins: this.#pins,
      events: this.#sessions,
      clock: { now: Date.now },
    });
    this.#transfer = createContentTransfer({
      sessions: (peer) => this.#sessions.get(peer)?.link ?? null,
      disk: (about) => this.#engines.get(keyOf(about.group, about.mapping))?.disk ?? null,
      source: {
        locate: (about, path, sha256) => {
          const engine = this.#engines.get(keyOf(about.group, about.mapping));
          return engine === undefined || engine.disk === null
            ? null
            : locateContent(engine.replica, path, sha256);
        },
      },
    });
    this.#housekeeping = new Housekeeping({
      engines: () => this.#engines.values(),
      audit: this.trail,
      rules: (group) => this.#group(group).backup,
      session: (group, peer) => this.#sessions.linkedTo(group, peer),
      log,
    });
  }

  /** The group's backend; its mappings are idle until they are attached. */
  async open(group: Group, onFailure: FailureListener): Promise<Backend> {
    if (group.backend !== 'engine') {
      throw new CsyncdError(
        'unsupported-backend',
        `group ${group.name}: this csyncd does not drive ${group.backend}`,
        { hint: 'set `backend: engine`' },
      );
    }
    if (group.actions.length > 0) {
      this.#options.log.warn({ group: group.name }, 'this csyncd does not run the actions of the config');
    }
    this.#onFailure.set(group.name, onFailure);
    for (const mapping of group.mappings) this.#ensure(group, mapping);
    return new GroupBackend({
      group: group.name,
      peers: () => otherNodes(this.#config, this.#group(group.name)),
      peerFacts: (peer) => this.#peerFacts(group.name, peer),
      pausePeer: (peer, mapping, paused) =>
        this.#sessions.pause(this.#engine(group.name, mapping), peer, paused),
      pauseMapping: (mapping, paused) => {
        this.#pauses.set(group.name, mapping, null, paused);
        this.#engine(group.name, mapping).pause(paused);
      },
      engine: (mapping) => this.#engine(group.name, mapping),
      takeRoot: (mapping) => this.#disks.takeRoot(this.#mapping(group.name, mapping).path),
      engines: () => this.#enginesOf(group.name),
      verify: (engine, { deep }, signal) => this.#verify(group.name, engine, deep, signal),
      start: () => this.#startGroup(group.name),
      stop: () => this.#stopGroup(group.name),
    });
  }

  /** Follows a changed config; throws a CsyncdError and changes nothing when it cannot. */
  reconfigure(config: Config): Promise<void> {
    return this.#inTurn(() => this.#reconfigure(config));
  }

  async #reconfigure(config: Config): Promise<void> {
    const keys = nextKeys(config, this.#config, this.#keys);
    await this.#network.reconfigure(networkSettings(config, keys, this.#identity));
    this.#keys = keys;
    this.#config = config;
    for (const group of engineGroups(config)) {
      for (const mapping of group.mappings) {
        const settings = replicaSettings(config, group, mapping);
        this.#ensure(group, mapping).tell((replica) => replica.configure(settings));
      }
    }
    for (const [key, engine] of this.#engines) {
      const { group, mapping } = engine.replica.settings;
      if (config.groups.find((one) => one.name === group)?.mappings.some((one) => one.name === mapping))
        continue;
      engine.detach('removed', 'the mapping is no longer in the config');
      this.#engines.delete(key);
    }
    this.#loop.wake();
  }

  /** Finishes what is being applied and closes everything; resolves within 10 s. */
  async stop(): Promise<void> {
    this.#housekeeping.stop();
    this.#rest.stop();
    const engines = [...this.#engines.values()];
    for (const engine of engines) engine.halt();
    await Promise.race([
      Promise.all(engines.map((engine) => engine.drained())),
      new Promise((resolve) => setTimeout(resolve, DRAIN).unref()),
    ]);
    for (const engine of engines) engine.detach('stopping', 'the daemon stops');
    this.#loop.stop();
    await this.#network.stop();
    await this.#disks.close();
    // What the closed workers and links owed is answered now, into a store that is still there.
    await new Promise((resolve) => setImmediate(resolve));
    this.#isStopped = true;
    this.trail.stop();
    noteStop(this.#store, this.#options.log);
    this.#store.close();
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
        this.#network.nudge(node as NodeId);
      },
    };
  }

  #start(): Promise<void> {
    this.#started ??= this.#network.start().then(() => {
      this.#housekeeping.start();
      this.#rest.start();
    });
    return this.#started;
  }

  /** A group whose key was mended joins the network; rejects while it is not. */
  async #startGroup(name: string): Promise<void> {
    await this.#start();
    await this.#inTurn(async () => {
      if (this.#keys.has(name)) return;
      const keys = withKey(this.#keys, this.#group(name));
      await this.#network.reconfigure(networkSettings(this.#config, keys, this.#identity));
      this.#keys = keys;
    });
  }

  /** The network is given its groups as a whole: one change after the other. */
  #inTurn(change: () => Promise<void>): Promise<void> {
    const done = this.#lastChange.then(change);
    this.#lastChange = done.catch(() => null);
    return done;
  }

  /** What a time of much work needed; a peer that was not told of it yet asks for the contents. */
  async #release(): Promise<void> {
    for (const { replica } of this.#engines.values()) replica.shared.contents.clear();
    await this.#disks.release();
    releaseSpareMemory();
  }

  async #stopGroup(group: string): Promise<void> {
    const engines = this.#enginesOf(group);
    for (const engine of engines) engine.halt();
    await Promise.all(engines.map((engine) => engine.drained()));
    for (const engine of engines) engine.detach('stopping', 'the group is stopped');
  }

  #ensure(group: Group, mapping: Mapping): MappingEngine {
    const key = keyOf(group.name, mapping.name);
    const known = this.#engines.get(key);
    if (known !== undefined) return known;
    const engine = new MappingEngine({
      store: this.#store,
      dots: this.#dots,
      settings: replicaSettings(this.#config, group, mapping),
      transfer: { fetch: (about, request, signal) => this.#transfer.fetch(about, request, signal) },
      openDisk: () => this.#openDisk(group.name, mapping.name),
      selection: () => this.#mapping(group.name, mapping.name),
      send: (peer, message) => this.#sessions.linkedTo(group.name, peer)?.send(message),
      canSend: (peer) => this.#sessions.linkedTo(group.name, peer)?.canSend() ?? false,
      wake: () => this.#loop.wake(),
      audit: (event) => this.trail.add(event),
      rolledBack: () => this.#rolledBack(),
      failed: (error) => this.#onFailure.get(group.name)?.(mapping.name, error),
      now: Date.now,
    });
    if (this.#pauses.has(group.name, mapping.name, null)) engine.pause(true);
    this.#engines.set(key, engine);
    this.#sessions.introduce(engine);
    return engine;
  }

  #openDisk(group: string, mapping: string): ReturnType<DiskPool['open']> {
    const { path, exclude, include, owner, durability } = this.#mapping(group, mapping);
    return this.#disks.open({ group, mapping, path, exclude, include, owner, durability });
  }

  #mapping(group: string, name: string): Mapping {
    const mapping = this.#group(group).mappings.find((one) => one.name === name);
    if (mapping === undefined)
      throw new CsyncdError('unknown-mapping', `group ${group} has no mapping ${name}`);
    return mapping;
  }

  async #verify(
    group: string,
    engine: MappingEngine,
    deep: boolean,
    signal: AbortSignal,
  ): Promise<VerifyResult> {
    const peers = otherNodes(this.#config, this.#group(group)).map(
      (peer) => [peer, this.#sessions.linkedTo(group, peer)] as const,
    );
    return verifyMapping(engine, new Map(peers), deep, signal);
  }

  #peerFacts(group: string, peer: NodeId): PeerFacts {
    const problem = this.#sessions.problemOf(group, peer);
    const session = this.#sessions.linkedTo(group, peer);
    return {
      role: this.#group(group).hosts.find((host) => host.name === peer)?.role ?? 'full',
      isLinked: session !== null,
      paused: this.#group(group).mappings.flatMap(({ name }) =>
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

  #group(name: string): Group {
    const group = this.#config.groups.find((one) => one.name === name);
    if (group === undefined) throw new CsyncdError('unknown-group', `there is no group ${name}`);
    return group;
  }

  #engine(group: string, mapping: string): MappingEngine {
    const engine = this.#engines.get(keyOf(group, mapping));
    if (engine === undefined)
      throw new CsyncdError('unknown-mapping', `group ${group} has no mapping ${mapping}`);
    return engine;
  }

  #enginesOf(group: string): MappingEngine[] {
    return [...this.#engines.values()].filter((engine) => engine.replica.settings.group === group);
  }

  /** Peers say it while their message is being taken up, so what follows waits until that is done. */
  #rolledBack(): void {
    if (this.#isRollingBack) return;
    this.#isRollingBack = true;
    this.#options.log.warn(
      'peers know changes of this node that its own store does not: the store is older than it was; taking a new epoch',
    );
    setImmediate(() => {
      this.#isRollingBack = false;
      if (this.#isStopped) return;
      try {
        this.#dots.newEpoch();
      } catch (error) {
        // Attached again, each hears of it once more.
        for (const engine of this.#engines.values()) engine.fail(error);
        return;
      }
      for (const engine of this.#engines.values()) engine.tell((replica) => replica.restart());
    });
  }
}

function keyOf(group: string, mapping: string): string {
  return `${group}/${mapping}`;
}

/** The mappings that are run here, an engine each: made when they are first named, given up when the config drops them. */
import type { Config, Group, Mapping } from '../../config/model.ts';
import { CsyncdError } from '../../util/errors.ts';
import type { Logger } from '../../util/log.ts';
import type { FailureListener } from '../backend.ts';
import type { Audit } from './audit.ts';
import type { DiskMapping } from './disk/pool.ts';
import type { Pauses } from './pauses.ts';
import type { Sessions } from './sessions.ts';
import { engineGroups, mappingOf, replicaSettings } from './settings-of.ts';
import type { Store } from './store/store.ts';
import type { ContentTransfer } from './sync/content-transfer.ts';
import type { Dots } from './sync/dots.ts';
import { MappingEngine } from './sync/mapping-engine.ts';

export interface MappingEnginesParts {
  readonly store: Store;
  readonly dots: Dots;
  readonly pauses: Pauses;
  readonly audit: Audit;
  readonly log: Logger;
  openDisk(group: string, mapping: Mapping): Promise<DiskMapping>;
  sessions(): Sessions;
  transfer(): ContentTransfer;
  wake(): void;
}

export class MappingEngines {
  readonly #parts: MappingEnginesParts;
  readonly #engines = new Map<string, MappingEngine>();
  readonly #onFailure = new Map<string, FailureListener>();
  #config: Config;
  #isRollingBack = false;
  #isStopped = false;

  constructor(config: Config, parts: MappingEnginesParts) {
    this.#config = config;
    this.#parts = parts;
  }

  all(): Iterable<MappingEngine> {
    return this.#engines.values();
  }

  of(group: string): MappingEngine[] {
    return [...this.#engines.values()].filter((engine) => engine.replica.settings.group === group);
  }

  find(group: string, mapping: string): MappingEngine | null {
    return this.#engines.get(keyOf(group, mapping)) ?? null;
  }

  get(group: string, mapping: string): MappingEngine {
    const engine = this.find(group, mapping);
    if (engine === null) throw new CsyncdError('unknown-mapping', `group ${group} has no mapping ${mapping}`);
    return engine;
  }

  /** Its mappings are idle until they are attached. */
  open(group: Group, onFailure: FailureListener): void {
    this.#onFailure.set(group.name, onFailure);
    for (const mapping of group.mappings) this.#ensure(group, mapping);
  }

  follow(config: Config): void {
    this.#config = config;
    for (const group of engineGroups(config)) {
      for (const mapping of group.mappings) {
        const settings = replicaSettings(config, group, mapping);
        this.#ensure(group, mapping).tell((replica) => replica.configure(settings));
      }
    }
    for (const [key, engine] of this.#engines) {
      const { group, mapping } = engine.replica.settings;
      if (
        engineGroups(config)
          .find((one) => one.name === group)
          ?.mappings.some((one) => one.name === mapping)
      )
        continue;
      engine.detach('removed', 'the mapping is no longer in the config');
      this.#engines.delete(key);
    }
  }

  /** The store is about to be closed. */
  stop(): void {
    this.#isStopped = true;
  }

  #ensure(group: Group, { name }: Mapping): MappingEngine {
    const known = this.find(group.name, name);
    if (known !== null) return known;
    const parts = this.#parts;
    const { store, dots, pauses, audit } = parts;
    const mapping = (): Mapping => mappingOf(this.#config, group.name, name);
    const engine = new MappingEngine({
      store,
      dots,
      settings: replicaSettings(this.#config, group, mapping()),
      transfer: { fetch: (about, request, signal) => parts.transfer().fetch(about, request, signal) },
      openDisk: () => parts.openDisk(group.name, mapping()),
      selection: mapping,
      send: (peer, message) => parts.sessions().linkedTo(group.name, peer)?.send(message),
      canSend: (peer) => parts.sessions().linkedTo(group.name, peer)?.canSend() ?? false,
      wake: () => parts.wake(),
      audit: (event) => audit.add(event),
      rolledBack: () => this.#rolledBack(),
      failed: (error) => this.#onFailure.get(group.name)?.(name, error),
      now: Date.now,
    });
    if (pauses.has(group.name, name, null)) engine.pause(true);
    this.#engines.set(keyOf(group.name, name), engine);
    parts.sessions().introduce(engine);
    return engine;
  }

  /** Peers say it while their message is being taken up, so what follows waits until that is done. */
  #rolledBack(): void {
    if (this.#isRollingBack) return;
    this.#isRollingBack = true;
    this.#parts.log.warn(
      'peers know changes of this node that its own store does not: the store is older than it was; taking a new epoch',
    );
    setImmediate(() => {
      this.#isRollingBack = false;
      if (!this.#isStopped) this.#startOver();
    });
  }

  #startOver(): void {
    try {
      this.#parts.dots.newEpoch();
    } catch (error) {
      // Attached again, each hears of it once more.
      for (const engine of this.#engines.values()) engine.fail(error);
      return;
    }
    for (const engine of this.#engines.values()) engine.tell((replica) => replica.restart());
  }
}

function keyOf(group: string, mapping: string): string {
  return `${group}/${mapping}`;
}

/** The backends of this node's groups: the engine, and the groups that an external csync2 serves. main.ts opens them. */
import type { Config, Group } from '../config/model.ts';
import type { Backend, FailureListener, PeersAnswer } from './backend.ts';
import { Csync2Groups } from './csync2/csync2-groups.ts';
import { openEngine, type Engine, type EngineOptions } from './engine/engine.ts';

/** Opens the store and this node's identity; throws a CsyncdError. Nothing is dialed before the first group starts. */
export async function openNodeBackends(options: EngineOptions): Promise<NodeBackends> {
  const engine = await openEngine(options);
  return new NodeBackends(options, engine);
}

export class NodeBackends {
  readonly #engine: Engine;
  readonly #csync2: Csync2Groups;
  #config: Config;

  constructor({ config, log }: EngineOptions, engine: Engine) {
    this.#config = config;
    this.#engine = engine;
    this.#csync2 = new Csync2Groups({ config, log, services: engine.services });
  }

  get trail(): Engine['trail'] {
    return this.#engine.trail;
  }

  open(group: Group, onFailure: FailureListener): Promise<Backend> {
    return group.backend === 'engine'
      ? this.#engine.open(group, onFailure)
      : this.#csync2.open(group, onFailure);
  }

  /** Follows a changed config; throws a CsyncdError and changes nothing when it cannot. */
  async reconfigure(config: Config): Promise<void> {
    await this.#engine.reconfigure(config);
    try {
      await this.#csync2.reconfigure(config);
    } catch (error) {
      await this.#engine.reconfigure(this.#config);
      throw error;
    }
    this.#config = config;
  }

  /** Finishes what is being applied and closes everything; resolves within 10 s. */
  async stop(): Promise<void> {
    await this.#csync2.stop();
    await this.#engine.stop();
  }

  /** Identities of this node and its peers, as an operator sees them. */
  get peers(): { list(): Promise<PeersAnswer>; forget(node: string): Promise<void> } {
    return {
      list: async () => {
        const answer = this.#engine.peers.list();
        return { ...answer, peers: [...answer.peers, ...(await this.#csync2.peers())] };
      },
      forget: async (node) => {
        const isForgotten = await this.#csync2.forget(node);
        try {
          this.#engine.peers.forget(node);
        } catch (error) {
          if (!isForgotten) throw error;
        }
      },
    };
  }
}

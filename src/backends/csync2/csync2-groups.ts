/** The groups of this node that an external csync2 serves. */
import type { Config, Group } from '../../config/model.ts';
import type { Logger } from '../../util/log.ts';
import type { Backend, FailureListener, PeerIdentity } from '../backend.ts';
import type { NodeServices } from '../node-services.ts';
import { Csync2Backend } from './csync2-backend.ts';
import { listPins } from './pins.ts';

export interface Csync2GroupsParts {
  readonly config: Config;
  readonly log: Logger;
  readonly services: NodeServices;
}

export class Csync2Groups {
  readonly #parts: Csync2GroupsParts;
  readonly #backends = new Map<string, Csync2Backend>();
  #config: Config;

  constructor(parts: Csync2GroupsParts) {
    this.#parts = parts;
    this.#config = parts.config;
  }

  /** Its mappings are idle until they are attached. What fails, fails in an answer: `onFailure` is never called. */
  async open(group: Group, _onFailure: FailureListener): Promise<Backend> {
    const { log, services } = this.#parts;
    const backend = new Csync2Backend({
      config: this.#config,
      group,
      log: log.child({ group: group.name }),
      services,
    });
    this.#backends.set(group.name, backend);
    return backend;
  }

  /** Each open backend serves its group as it stands in this config from now on; when one cannot, all go on as before. */
  async reconfigure(config: Config): Promise<void> {
    const before = this.#config;
    try {
      await this.#follow(config);
    } catch (error) {
      await this.#follow(before);
      throw error;
    }
  }

  async #follow(config: Config): Promise<void> {
    this.#config = config;
    for (const [name, backend] of this.#backends) {
      const group = config.groups.find((one) => one.name === name && one.backend === 'csync2');
      if (group === undefined) this.#backends.delete(name);
      else await backend.reconfigure(config, group);
    }
  }

  /** What csync2 pinned of the peers. */
  async peers(): Promise<PeerIdentity[]> {
    const lists = await Promise.all([...this.#backends.values()].map(({ run }) => listPins(run)));
    return lists.flat();
  }

  /** @returns whether a certificate of that node was pinned */
  async forget(node: string): Promise<boolean> {
    const forgotten = await Promise.all([...this.#backends.values()].map(({ run }) => run.forget(node)));
    return forgotten.includes(true);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#backends.values()].map((backend) => backend.stop()));
  }
}

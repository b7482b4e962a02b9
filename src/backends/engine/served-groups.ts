/**
 * The groups that the network serves: those whose key can be read. One whose key cannot does not run, and keeps no other
 * from it.
 */
import { readGroupKey } from '../../config/key.ts';
import type { Config, Group } from '../../config/model.ts';
import type { Identity } from './net/identity.ts';
import type { NetworkSettings, RunningNetwork } from './net/network.ts';
import { engineGroups, groupOf, networkSettings } from './settings-of.ts';

type Keys = ReadonlyMap<string, Buffer>;

export class ServedGroups {
  readonly #identity: Identity;
  readonly #network: RunningNetwork;
  #config: Config;
  #keys: Keys;
  #lastChange: Promise<unknown> = Promise.resolve();

  /** Throws the first fault, which names the file, when there are groups and no key can be read. */
  constructor(
    config: Config,
    identity: Identity,
    createNetwork: (settings: NetworkSettings) => RunningNetwork,
  ) {
    this.#config = config;
    this.#identity = identity;
    this.#keys = firstKeys(config);
    this.#network = createNetwork(networkSettings(config, this.#keys, identity));
  }

  get network(): RunningNetwork {
    return this.#network;
  }

  /** A group whose key was mended joins the network; rejects while it is not. */
  admit(name: string): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#keys.has(name)) return;
      const group = groupOf(this.#config, name);
      await this.#serve(this.#config, new Map([...this.#keys, [name, keyOf(group)]]));
    });
  }

  /**
   * Follows a changed config; keys are read again. Rejects, and changes nothing, when it cannot, or when a group could not
   * go on, or not start, for want of its key.
   *
   * @param adopted the config is in force
   */
  follow(next: Config, adopted: () => void): Promise<void> {
    return this.#inTurn(async () => {
      await this.#serve(next, nextKeys(next, this.#config, this.#keys));
      adopted();
    });
  }

  async #serve(config: Config, keys: Keys): Promise<void> {
    await this.#network.reconfigure(networkSettings(config, keys, this.#identity));
    this.#config = config;
    this.#keys = keys;
  }

  /** The network is given its groups as a whole: one change after the other. */
  #inTurn(change: () => Promise<void>): Promise<void> {
    const done = this.#lastChange.then(change);
    this.#lastChange = done.catch(() => null);
    return done;
  }
}

function firstKeys(config: Config): Keys {
  const keys = new Map<string, Buffer>();
  let fault: unknown = null;
  for (const group of engineGroups(config)) {
    try {
      keys.set(group.name, keyOf(group));
    } catch (error) {
      fault ??= error;
    }
  }
  if (keys.size === 0 && fault !== null) throw fault;
  return keys;
}

/** Throws the fault of a group that runs, or is new: whoever adds it waits for the answer. One that did not run stays so. */
function nextKeys(next: Config, before: Config, running: Keys): Keys {
  const keys = new Map<string, Buffer>();
  for (const group of engineGroups(next)) {
    const hadFailed =
      !running.has(group.name) && engineGroups(before).some(({ name }) => name === group.name);
    try {
      keys.set(group.name, keyOf(group));
    } catch (error) {
      if (!hadFailed) throw error;
    }
  }
  return keys;
}

function keyOf(group: Group): Buffer {
  return Buffer.from(readGroupKey(group.keyFile), 'utf8');
}

/** All groups of this node: starts them, changes them on a reload, drains them at the end. */
import { diffConfig, type ConfigDiff } from '../config/diff.ts';
import type { Config, Group } from '../config/model.ts';
import { GroupRunner, type Parts } from './group.ts';

export interface OrchestratorParts extends Parts {
  /** Every open backend serves its group as it stands in this config from now on. */
  readonly reconfigureBackends: (config: Config) => Promise<void>;
}

export class Orchestrator {
  readonly #parts: OrchestratorParts;
  readonly #groups = new Map<string, GroupRunner>();
  #config: Config;

  constructor(parts: OrchestratorParts, config: Config) {
    this.#parts = parts;
    this.#config = config;
  }

  get config(): Config {
    return this.#config;
  }

  get groups(): ReadonlyMap<string, GroupRunner> {
    return this.#groups;
  }

  start(): void {
    for (const group of this.#config.groups) this.#startGroup(group);
  }

  /** Resolves once every mapping is watched, or waits for its root. */
  async placed(): Promise<void> {
    await Promise.all([...this.#groups.values()].map((group) => group.placed()));
  }

  /**
   * Applies what differs and leaves the rest alone; groups that did not run are tried again. When it fails, the config
   * before stays in force.
   */
  async reload(next: Config): Promise<void> {
    const before = this.#config;
    await this.#release(diffConfig(before, next).groups);
    try {
      await this.#parts.reconfigureBackends(next);
    } catch (error) {
      this.#adopt(before);
      throw error;
    }
    this.#adopt(next);
    await Promise.all([...this.#groups.values()].map((group) => group.started()));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#groups.values()].map((group) => group.stop()));
  }

  async #release({ removed, changed }: ConfigDiff['groups']): Promise<void> {
    for (const { name } of removed) await this.#stopGroup(name);
    for (const { before, fields, mappings } of changed) {
      if (fields.includes('backend')) await this.#stopGroup(before.name);
      else {
        const ended = [...mappings.removed, ...mappings.changed.map((mapping) => mapping.before)];
        await this.#groups.get(before.name)?.release(ended);
      }
    }
  }

  async #stopGroup(name: string): Promise<void> {
    await this.#groups.get(name)?.stop();
    this.#groups.delete(name);
  }

  #adopt(config: Config): void {
    this.#config = config;
    for (const group of config.groups) {
      const running = this.#groups.get(group.name);
      if (running === undefined) this.#startGroup(group);
      else running.adopt(group);
    }
  }

  #startGroup(group: Group): void {
    const runner = new GroupRunner(this.#parts, group);
    this.#groups.set(group.name, runner);
    runner.start();
  }
}

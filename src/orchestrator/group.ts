/**
 * One group on this node: its backend and a runner a mapping. A group that cannot start (no key, say) is tried again with
 * back-off and delays no other.
 */
import type { Backend, FailureListener } from '../backends/backend.ts';
import type { Group, Mapping } from '../config/model.ts';
import { backoffMs } from '../util/backoff.ts';
import type { Logger } from '../util/log.ts';
import type { Batcher, BatcherOptions } from '../watch/batcher.ts';
import type { Watcher, WatcherOptions } from '../watch/watcher.ts';
import type { Clock } from '../util/clock.ts';
import { classify, type Failure } from './failures.ts';
import { MappingRunner } from './runner.ts';

/** What the orchestrator is made of; main.ts constructs the parts. */
export interface Parts {
  /** A group's backend, not started. */
  readonly openBackend: (group: Group, onFailure: FailureListener) => Promise<Backend>;
  readonly createWatcher: (options: WatcherOptions) => Watcher;
  readonly createBatcher: (options: BatcherOptions) => Batcher;
  readonly clock: Clock;
  readonly log: Logger;
  /** The daemon must not go on. */
  readonly onFatal: (failure: Failure) => void;
}

const RETRY = { firstMs: 1_000, maxMs: 60_000 };

export class GroupRunner {
  readonly #parts: Parts;
  readonly #log: Logger;
  readonly #runners = new Map<string, MappingRunner>();
  readonly #started = Promise.withResolvers<void>();
  #group: Group;
  #backend: Backend | null = null;
  #failure: Failure | null = null;
  #attempt = 0;
  #cancelRetry: (() => void) | null = null;
  #starting: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(parts: Parts, group: Group) {
    this.#parts = parts;
    this.#group = group;
    this.#log = parts.log.child({ group: group.name });
  }

  get group(): Group {
    return this.#group;
  }

  /** Null while the group could not be started; `failure` tells why. */
  get backend(): Backend | null {
    return this.#backend;
  }

  get failure(): Failure | null {
    return this.#failure;
  }

  get runners(): ReadonlyMap<string, MappingRunner> {
    return this.#runners;
  }

  start(): void {
    this.#starting = this.#starting.then(() => this.#start());
  }

  /** Resolves when a start that is under way has succeeded or failed. */
  started(): Promise<void> {
    return this.#starting;
  }

  /** Resolves once every mapping is watched, or waits for its root, or the group has failed to start. */
  async placed(): Promise<void> {
    await this.#started.promise;
    await Promise.all([...this.#runners.values()].map((runner) => runner.placed()));
  }

  /** Before a reload: ends the runners of mappings that will be gone or different. */
  async release(mappings: readonly Mapping[]): Promise<void> {
    await this.#starting;
    for (const { name } of mappings) {
      await this.#runners.get(name)?.stop();
      this.#runners.delete(name);
      this.#backend?.detach(name, {
        code: 'reconfigured',
        message: 'its configuration is being changed',
        hint: 'wait for the reload to end',
      });
    }
  }

  /** After a reload: runs what is new; a group that had failed is tried at once. */
  adopt(next: Group): void {
    this.#group = next;
    if (this.#backend === null) {
      this.#cancelRetry?.();
      this.start();
    } else this.#run(this.#backend);
  }

  /** Drains the lanes, then the backend. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRetry?.();
    this.#started.resolve();
    await this.#starting;
    await Promise.all([...this.#runners.values()].map((runner) => runner.stop()));
    await this.#backend?.stop();
  }

  async #start(): Promise<void> {
    if (this.#backend !== null || this.#stopped) return;
    try {
      const backend = await this.#parts.openBackend(this.#group, (mapping, error) =>
        this.#runners.get(mapping)?.fell(error),
      );
      if (this.#stopped) return;
      await backend.start();
      this.#backend = backend;
      this.#failure = null;
      if (!this.#stopped) this.#run(backend);
    } catch (error) {
      this.#failed(classify(error));
    }
    this.#started.resolve();
  }

  #failed(failure: Failure): void {
    const { code, message, hint } = failure.reason;
    const before = this.#failure?.reason.message;
    this.#failure = failure;
    if (failure.disposition === 'fatal') return this.#parts.onFatal(failure);
    if (before !== message) this.#log.error({ code, hint }, message);
    if (failure.disposition !== 'retry' || this.#stopped) return;
    const wait = backoffMs(this.#attempt, RETRY, this.#parts.clock.random());
    this.#attempt += 1;
    this.#cancelRetry = this.#parts.clock.after(wait, () => this.start());
  }

  #run(backend: Backend): void {
    for (const mapping of this.#group.mappings) {
      if (!this.#runners.has(mapping.name)) this.#runMapping(backend, mapping);
    }
  }

  #runMapping(backend: Backend, mapping: Mapping): void {
    const { createWatcher, createBatcher, clock, onFatal } = this.#parts;
    const log = this.#log.child({ mapping: mapping.name });
    const runner = new MappingRunner({ mapping, backend, createWatcher, createBatcher, clock, log, onFatal });
    this.#runners.set(mapping.name, runner);
    runner.start();
  }
}

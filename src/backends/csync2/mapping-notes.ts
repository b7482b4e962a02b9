/** What is remembered of each mapping of a group, across restarts. */
import type { NodeServices } from '../node-services.ts';
import type { Csync2Mapping } from './mapping.ts';

export class MappingNotes<T> {
  readonly #prefix: string;
  readonly #notes: NodeServices['notes'];
  readonly #none: T;
  readonly #known = new Map<Csync2Mapping, T>();

  /**
   * @param what tells it from other notes of the group
   * @param none what is remembered as long as nothing was kept; all of it is JSON
   */
  constructor({ group, what, none }: { group: string; what: string; none: T }, notes: NodeServices['notes']) {
    this.#prefix = `csync2 ${what} ${group}`;
    this.#notes = notes;
    this.#none = none;
  }

  of(mapping: Csync2Mapping): T {
    const known = this.#known.get(mapping);
    if (known !== undefined) return known;
    const text = this.#notes.get(this.#key(mapping));
    const kept = text === null ? this.#none : (JSON.parse(text) as T);
    this.#known.set(mapping, kept);
    return kept;
  }

  keep(mapping: Csync2Mapping, value: T): void {
    this.#notes.set(this.#key(mapping), JSON.stringify(value));
    this.#known.set(mapping, value);
  }

  #key({ parts }: Csync2Mapping): string {
    return `${this.#prefix}/${parts.mapping.name}`;
  }
}

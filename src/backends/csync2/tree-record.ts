/** Whether csync2 has recorded a mapping's tree: all of it, and in the database that is there now. */
import type { MappingParts } from './mapping.ts';

export class TreeRecord {
  readonly #parts: MappingParts;
  /** the database that holds it; null before the first `kept` */
  #database: string | null = null;

  constructor(parts: MappingParts) {
    this.#parts = parts;
  }

  /** Whether everything is to be recorded without owing it to anybody: nothing, or a part, or something old is. */
  async isDue(): Promise<boolean> {
    const { services, local, rootName } = this.#parts;
    // One that was interrupted has left a part of the table: the rest must not count as changed since.
    const isUnfinished = services.notes.get(this.#note) === 'begun';
    return this.isLost || isUnfinished || (await local.table.isEmpty(rootName));
  }

  begun(): void {
    this.#parts.services.notes.set(this.#note, 'begun');
  }

  done(): void {
    this.#parts.services.notes.set(this.#note, 'done');
  }

  /** The database that is there is the one. */
  kept(): void {
    this.#database = this.#parts.local.table.identity();
  }

  /** In another database, empty or an old one, everything would count as changed here. */
  get isLost(): boolean {
    return this.#database !== null && this.#database !== this.#parts.local.table.identity();
  }

  get #note(): string {
    return `csync2 record ${this.#parts.group}/${this.#parts.mapping.name}`;
  }
}

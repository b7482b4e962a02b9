/** What was changed on a node that only receives: csync2 owes it to all others, and may send it to none. */
import type { Local } from './local.ts';
import type { Csync2Mapping } from './mapping.ts';
import type { Other } from './members.ts';

const MOST = 1_000;

export class LocalEdits {
  readonly #local: Local;
  readonly #sender: Other | null;
  readonly #found = new Map<Csync2Mapping, readonly string[]>();

  /** @param sender one that this node takes changes from: all are owed the same; null when it also sends */
  constructor(local: Local, sender: Other | null) {
    this.#local = local;
    this.#sender = sender;
  }

  /** Byte paths, as of the last `refresh`. */
  of(mapping: Csync2Mapping): readonly string[] {
    return this.#found.get(mapping) ?? [];
  }

  async refresh(mappings: readonly Csync2Mapping[]): Promise<void> {
    for (const mapping of mappings) this.#found.set(mapping, await this.find(mapping));
  }

  async find(mapping: Csync2Mapping): Promise<readonly string[]> {
    if (this.#sender === null) return [];
    const names = await this.#local.table.owedNames(mapping.parts.rootName, this.#sender.host, MOST);
    return names.flatMap((name) => mapping.pathOf(name) ?? []);
  }
}

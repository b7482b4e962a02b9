/** What a person has paused: mappings, whole or towards one peer. Kept in the store until he resumes it. */
import type { NodeId } from './core/types.ts';
import type { Store } from './store/store.ts';

const KEY = 'pauses';

export class Pauses {
  readonly #store: Pick<Store, 'get' | 'set'>;
  /** as JSON: group, mapping, peer */
  #entries: ReadonlySet<string>;

  constructor(store: Pick<Store, 'get' | 'set'>) {
    this.#store = store;
    this.#entries = new Set(JSON.parse(store.get(KEY) ?? '[]') as string[]);
  }

  /** @param peer null: the mapping as a whole */
  has(group: string, mapping: string, peer: NodeId | null): boolean {
    return this.#entries.has(JSON.stringify([group, mapping, peer]));
  }

  /** Whether it was otherwise. Throws, and changes nothing, when it cannot be kept. */
  set(group: string, mapping: string, peer: NodeId | null, paused: boolean): boolean {
    if (this.has(group, mapping, peer) === paused) return false;
    const entries = new Set(this.#entries);
    const entry = JSON.stringify([group, mapping, peer]);
    if (paused) entries.add(entry);
    else entries.delete(entry);
    this.#store.set(KEY, JSON.stringify([...entries]));
    this.#entries = entries;
    return true;
  }
}

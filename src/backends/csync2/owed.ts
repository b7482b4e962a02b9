/** What this node owes its peers, by csync2's own table: asked for when something may have changed, and kept for status. */
import type { Local } from './local.ts';
import type { Csync2Mapping } from './mapping.ts';
import type { Owed } from './table.ts';

const nothing: Owed = { names: 0, bytes: 0 };

export class OwedToPeers {
  readonly #local: Local;
  readonly #mappings: () => Iterable<Csync2Mapping>;
  /** by csync2's name of the peer */
  #sums: ReadonlyMap<string, Owed> = new Map();
  /** since when something is owed, ms since 1970 */
  readonly #since = new Map<string, number>();

  constructor(local: Local, mappings: () => Iterable<Csync2Mapping>) {
    this.#local = local;
    this.#mappings = mappings;
  }

  async refresh(): Promise<void> {
    const sums = new Map<string, Owed>();
    for (const { parts } of this.#mappings()) {
      for (const [peer, { names, bytes }] of await this.#local.table.owed(parts.rootName)) {
        const before = sums.get(peer) ?? nothing;
        sums.set(peer, { names: before.names + names, bytes: before.bytes + bytes });
      }
    }
    this.#sums = sums;
    for (const peer of this.#since.keys()) if (!sums.has(peer)) this.#since.delete(peer);
    for (const peer of sums.keys()) if (!this.#since.has(peer)) this.#since.set(peer, Date.now());
  }

  /** As of the last `refresh`. */
  to(peer: string): Owed {
    return this.#sums.get(peer) ?? nothing;
  }

  /** Everything that was owed before this time has been taken: what is owed now came later. */
  sentUpTo(peer: string, time: number): void {
    if (this.#since.has(peer)) this.#since.set(peer, time);
  }

  lagSeconds(peer: string): number {
    const since = this.#since.get(peer);
    return since === undefined ? 0 : Math.max(0, Date.now() - since) / 1000;
  }
}

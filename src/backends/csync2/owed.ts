/** What this node owes its peers, by csync2's own table: asked for when something may have changed, and kept for status. */
import type { Local } from './local.ts';
import type { Csync2Mapping } from './mapping.ts';
import type { Owed } from './table.ts';

const nothing: Owed = { names: 0, bytes: 0 };

export class OwedToPeers {
  readonly #local: Local;
  readonly #mappings: () => Iterable<Csync2Mapping>;
  /** by csync2's name of the peer */
  #sums: ReadonlyMap<Csync2Mapping, ReadonlyMap<string, Owed>> = new Map();
  /** since when something is owed, ms since 1970 */
  readonly #since = new Map<string, number>();

  constructor(local: Local, mappings: () => Iterable<Csync2Mapping>) {
    this.#local = local;
    this.#mappings = mappings;
  }

  async refresh(): Promise<void> {
    const sums = new Map<Csync2Mapping, ReadonlyMap<string, Owed>>();
    for (const mapping of this.#mappings())
      sums.set(mapping, await this.#local.table.owed(mapping.parts.rootName));
    this.#sums = sums;
    const peers = new Set([...sums.values()].flatMap((owed) => [...owed.keys()]));
    for (const peer of this.#since.keys()) if (!peers.has(peer)) this.#since.delete(peer);
    for (const peer of peers) if (!this.#since.has(peer)) this.#since.set(peer, Date.now());
  }

  /** As of the last `refresh`. @param mappings only of these; by default of all */
  to(peer: string, mappings: Iterable<Csync2Mapping> = this.#mappings()): Owed {
    let { names, bytes } = nothing;
    for (const mapping of mappings) {
      const owed = this.#sums.get(mapping)?.get(peer) ?? nothing;
      names += owed.names;
      bytes += owed.bytes;
    }
    return { names, bytes };
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

/**
 * What csync2 could not bring to a peer, by the last update towards it: each update tries everything that is owed, so the
 * last one tells all there is.
 */
import type { FileResult } from './output.ts';

export interface Conflicting {
  readonly name: string;
  /** nodes whose version is another one */
  readonly peers: readonly string[];
  /** ms since 1970 */
  readonly since: number;
}

export interface Taken {
  readonly failed: readonly FileResult[];
  /** names that were changed on both and that the policy does not decide for us */
  readonly conflicts: readonly string[];
}

interface AtPeer {
  readonly failed: readonly FileResult[];
  /** since when, ms since 1970 */
  readonly conflicts: ReadonlyMap<string, number>;
}

export class Troubles {
  readonly #byPeer = new Map<string, AtPeer>();

  /** @returns names whose conflict with that peer is new */
  updated(peer: string, { failed, conflicts }: Taken, now: number): string[] {
    const before = this.#byPeer.get(peer)?.conflicts;
    const since = new Map(conflicts.map((name) => [name, before?.get(name) ?? now] as const));
    this.#byPeer.set(peer, { failed, conflicts: since });
    return [...since.keys()].filter((name) => before?.has(name) !== true);
  }

  /**
   * Names that were in conflict with that peer and of which an update towards it said nothing: they are decided, or a session
   * of the peer had just taken their marks away, to set them anew.
   */
  missedBy(peer: string, told: Iterable<string>): string[] {
    const names = new Set(told);
    return [...(this.#byPeer.get(peer)?.conflicts.keys() ?? [])].filter((name) => !names.has(name));
  }

  /** Nothing is owed to that peer any more. */
  settled(peer: string): void {
    this.#byPeer.delete(peer);
  }

  /** Names that have been in conflict with a peer since before a time, ms since 1970. */
  lasting(peer: string, time: number): Set<string> {
    const conflicts = this.#byPeer.get(peer)?.conflicts ?? new Map<string, number>();
    return new Set([...conflicts].flatMap(([name, since]) => (since <= time ? [name] : [])));
  }

  /** A person has decided over these. */
  forget(names: ReadonlySet<string>): void {
    for (const [peer, { failed, conflicts }] of this.#byPeer) {
      this.#byPeer.set(peer, {
        failed: failed.filter(({ name }) => !names.has(name)),
        conflicts: new Map([...conflicts].filter(([name]) => !names.has(name))),
      });
    }
  }

  failures(): { readonly peer: string; readonly failure: FileResult }[] {
    return [...this.#byPeer].flatMap(([peer, { failed }]) => failed.map((failure) => ({ peer, failure })));
  }

  conflicts(): Conflicting[] {
    const names = new Map<string, { peers: string[]; since: number }>();
    for (const [peer, { conflicts }] of this.#byPeer) {
      for (const [name, since] of conflicts) {
        const known = names.get(name);
        if (known === undefined) names.set(name, { peers: [peer], since });
        else {
          known.peers.push(peer);
          known.since = Math.min(known.since, since);
        }
      }
    }
    return [...names].map(([name, { peers, since }]) => ({ name, peers, since }));
  }
}

/**
 * What a person has decided for this node's version, and peers do not have yet; kept across restarts. csync2's own mark of
 * it, `forced`, goes when the other node tries to send its version first, and when the file is checked once more. So it is
 * set again after each update, until the peer is owed the file no more.
 */
import type { NodeServices } from '../node-services.ts';
import { GivenUp } from './given-up.ts';
import type { Csync2Mapping } from './mapping.ts';
import { MappingNotes } from './mapping-notes.ts';
import type { Other } from './members.ts';

/** Names by node. */
type Standing = Readonly<Record<string, readonly string[]>>;

export class Decided {
  /** What is decided for another version than this node's. */
  readonly givenUp: GivenUp;
  readonly #notes: MappingNotes<Standing>;

  constructor(group: string, { notes }: Pick<NodeServices, 'notes'>) {
    this.givenUp = new GivenUp(group, { notes });
    this.#notes = new MappingNotes<Standing>({ group, what: 'decided', none: {} }, notes);
  }

  /** This node's version of these is to be at all the others. */
  ours(mapping: Csync2Mapping, names: readonly string[], others: readonly Other[]): void {
    this.givenUp.end(mapping, names);
    const standing = this.#notes.of(mapping);
    const more = others.map(
      ({ node }) => [node, [...new Set([...(standing[node] ?? []), ...names])]] as const,
    );
    this.#notes.keep(mapping, { ...standing, ...Object.fromEntries(more) });
  }

  /** Another version of these is. */
  theirs(mapping: Csync2Mapping, names: readonly string[]): void {
    const gone = new Set(names);
    for (const [node, standing] of Object.entries(this.#notes.of(mapping)))
      this.#leave(
        mapping,
        node,
        standing.filter((name) => !gone.has(name)),
      );
  }

  /** Names of which that node is to take this one's version. */
  at(mapping: Csync2Mapping, node: string): readonly string[] {
    return this.#notes.of(mapping)[node] ?? [];
  }

  /**
   * After an update towards a peer, and every so often: what is owed cannot be told while a peer is at work here.
   *
   * @returns whether the peer has refused some that it will take the next time
   */
  async uphold(mapping: Csync2Mapping, { node, host }: Other, signal: AbortSignal): Promise<boolean> {
    const names = this.at(mapping, node);
    if (names.length === 0) return false;
    const { local } = mapping.parts;
    const again = await local.force(names, host, signal);
    const owed = await local.owedIfAtRest(names, signal);
    // A person may have decided anew meanwhile.
    const done = new Set(
      owed === null ? [] : names.filter((name) => owed.get(name)?.includes(host) !== true),
    );
    this.#leave(
      mapping,
      node,
      this.at(mapping, node).filter((name) => !done.has(name)),
    );
    return again > 0;
  }

  #leave(mapping: Csync2Mapping, node: string, names: readonly string[]): void {
    const standing = this.#notes.of(mapping);
    if (standing[node]?.length !== names.length) this.#notes.keep(mapping, { ...standing, [node]: names });
  }
}

/**
 * What a person has decided for another node's version, and this node does not have yet; kept across restarts. When that
 * node sends while this one gives its version up, csync2 here may have found it owed, and wait for the database: then it
 * refuses the other version after all, and owes its own anew. So that is given up again, as long as the file is the one that
 * was given up. Anything else in its place is that node's version, or a newer edit, which counts as any other.
 */
import type { NodeServices } from '../node-services.ts';
import type { Found } from './comparison.ts';
import { findAt } from './glances.ts';
import type { Csync2Mapping } from './mapping.ts';
import { MappingNotes } from './mapping-notes.ts';

interface GivenUpVersion {
  /** the node whose version it is to be */
  readonly winner: string;
  /** csync2's text of it; null = it was deleted */
  readonly text: string | null;
  /** The text has seconds only. `0` where it does not count. */
  readonly mtimeNs: string;
}

/** By name. */
type Standing = Readonly<Record<string, GivenUpVersion>>;

export class GivenUp {
  readonly #notes: MappingNotes<Standing>;

  constructor(group: string, { notes }: Pick<NodeServices, 'notes'>) {
    this.#notes = new MappingNotes<Standing>({ group, what: 'given up', none: {} }, notes);
  }

  /** That node's version of these is to be here: in the turn in which what is here now is given up, and before it is. */
  async begin(
    mapping: Csync2Mapping,
    winner: string,
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const there = await foundOf(mapping, names, signal);
    const more = [...there].map(([name, found]) => [name, { winner, ...versionOf(found) }] as const);
    this.#notes.keep(mapping, { ...this.#notes.of(mapping), ...Object.fromEntries(more) });
  }

  /** It has been decided otherwise, or another version is here. */
  end(mapping: Csync2Mapping, names: Iterable<string>): void {
    const standing = this.#notes.of(mapping);
    const gone = new Set(names);
    const left = Object.entries(standing).filter(([name]) => !gone.has(name));
    if (left.length < Object.keys(standing).length) this.#notes.keep(mapping, Object.fromEntries(left));
  }

  names(mapping: Csync2Mapping): readonly string[] {
    return Object.keys(this.#notes.of(mapping));
  }

  /**
   * @param peers all other nodes of the group
   * @returns whether some were owed anew
   */
  async uphold(mapping: Csync2Mapping, peers: readonly string[], signal: AbortSignal): Promise<boolean> {
    if (this.names(mapping).length === 0 || !mapping.isThere()) return false;
    const { local } = mapping.parts;
    return local.alone(async () => {
      const standing = this.#notes.of(mapping);
      const names = Object.keys(standing);
      const owed = await local.table.peersOwed(names);
      const texts = await local.table.texts(names);
      const there = await foundOf(mapping, names, signal);
      const again = new Map<string, string | null>();
      const over: string[] = [];
      for (const [name, { winner, text, mtimeNs }] of Object.entries(standing)) {
        const found = there.get(name);
        // It could not be looked at.
        if (found === undefined) continue;
        const now = versionOf(found);
        const isSame = now.text === text && now.mtimeNs === mtimeNs && (texts.get(name) ?? null) === text;
        if (!isSame || !peers.includes(winner)) over.push(name);
        else if (owed.has(name)) again.set(name, text);
      }
      await local.strike(again);
      this.end(mapping, over);
      return again.size > 0;
    }, signal);
  }
}

function versionOf(found: Found | null): Pick<GivenUpVersion, 'text' | 'mtimeNs'> {
  if (found === null) return { text: null, mtimeNs: '0' };
  // A directory's changes with what is in it.
  const mtimeNs = found.stat.kind === 'dir' ? 0n : found.stat.mtimeNs;
  return { text: found.text, mtimeNs: String(mtimeNs) };
}

async function foundOf(
  mapping: Csync2Mapping,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, Found | null>> {
  const paths = names.flatMap((name) => mapping.pathOf(name) ?? []);
  const there = await findAt(mapping.tree, paths, signal);
  return new Map([...there].map(([path, found]) => [mapping.nameOf(path), found] as const));
}

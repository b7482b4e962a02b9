/**
 * First meetings that are still to come, kept across restarts: a mapping that csync2 recorded here for the first time is
 * compared once with each peer, as soon as that one is reached.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Auto } from '../../config/model.ts';
import type { NodeServices } from '../node-services.ts';
import { settleMeeting, type Deletions } from './first-meeting.ts';
import type { Csync2Mapping } from './mapping.ts';
import { MappingNotes } from './mapping-notes.ts';
import type { Other } from './members.ts';
import type { PeerSession } from './peer-session.ts';
import { compareTables, recordedOf, type Divergence, type TableComparison } from './peer-tables.ts';
import { takeOver } from './take-over.ts';

export interface MeetingsParts {
  readonly group: string;
  readonly auto: Auto;
  readonly receiveOnly: boolean;
  readonly services: NodeServices;
}

/** `new`: not met yet; a list: names over which a person must decide. */
type Progress = Record<string, 'new' | readonly string[]>;

const MOST_UNDECIDED = 10_000;
/** csync2 takes a mark away before it sets it anew, up to a second later: nobody owes what is not owed twice. */
const ASKS = 2;
const REMARKED_MS = 1_500;

export class Meetings {
  readonly #parts: MeetingsParts;
  readonly #notes: MappingNotes<Progress>;

  constructor(parts: MeetingsParts) {
    this.#parts = parts;
    const { group, services } = parts;
    this.#notes = new MappingNotes<Progress>({ group, what: 'meetings', none: {} }, services.notes);
  }

  /** csync2 has recorded the mapping for the first time. */
  expect(mapping: Csync2Mapping, others: readonly Other[]): void {
    this.#notes.keep(mapping, Object.fromEntries(others.map(({ node }) => [node, 'new'] as const)));
  }

  isDue(mapping: Csync2Mapping, node: string): boolean {
    return this.#notes.of(mapping)[node] === 'new';
  }

  /** Names that differ on that node since the first meeting. */
  undecided(mapping: Csync2Mapping): ReadonlyMap<string, readonly string[]> {
    const entries = Object.entries(this.#notes.of(mapping));
    return new Map(
      entries.flatMap(([node, names]) => (names === 'new' || names.length === 0 ? [] : [[node, names]])),
    );
  }

  /** These differ on that node, and a person must decide. */
  differ(mapping: Csync2Mapping, node: string, names: readonly string[]): void {
    const progress = this.#notes.of(mapping);
    const left = progress[node];
    if (names.length === 0 || left === 'new') return;
    const all = [...new Set([...(left ?? []), ...names])];
    this.#notes.keep(mapping, { ...progress, [node]: all.slice(0, MOST_UNDECIDED) });
  }

  /** A person has decided over these. */
  decided(mapping: Csync2Mapping, names: ReadonlySet<string>): void {
    for (const node of Object.keys(this.#notes.of(mapping))) this.agreed(mapping, node, names);
  }

  /** That node and this one have the same of these now. */
  agreed(mapping: Csync2Mapping, node: string, names: ReadonlySet<string>): void {
    const progress = this.#notes.of(mapping);
    const left = progress[node];
    if (left === undefined || left === 'new' || !left.some((name) => names.has(name))) return;
    this.#notes.keep(mapping, { ...progress, [node]: left.filter((name) => !names.has(name)) });
  }

  /** Rejects when the peer cannot be asked, or does not serve the mapping yet; it is due still then. */
  async meet(mapping: Csync2Mapping, other: Other, signal: AbortSignal): Promise<void> {
    const { local, rootName } = mapping.parts;
    const session = await local.session(other.host, signal);
    let compared: TableComparison;
    let theirDeletions: ReadonlySet<string>;
    try {
      compared = await compareTables(local, session, rootName);
      theirDeletions = await this.#theirDeletions(mapping, other, session, compared.divergences, signal);
    } finally {
      await session.close();
    }
    const { divergences, isServed } = compared;
    if (!isServed) throw new Error(`${other.node} does not serve ${mapping.parts.mapping.name} yet`);
    const lacking = divergences.flatMap(({ name, ours }) => (ours === null ? [name] : []));
    const owed = lacking.length === 0 ? [] : (await local.owedAtRest(lacking, signal)).keys();
    const deletions: Deletions = { ours: new Set(owed), theirs: theirDeletions };
    const { auto, receiveOnly } = this.#parts;
    const us = { receiveOnly, isFirst: !other.isFirst };
    const { ours, theirs, undecided } = settleMeeting(auto, us, other, divergences, deletions);
    await mapping.mark(ours, signal);
    const recorded = recordedOf(divergences, theirs);
    await takeOver(mapping, { winner: other.host, losers: [], recorded }, theirs, signal);
    this.#notes.keep(mapping, {
      ...this.#notes.of(mapping),
      [other.node]: undecided.slice(0, MOST_UNDECIDED),
    });
  }

  /** Known while they are owed: csync2 keeps nothing of a name that is gone but that it owes it. */
  async #theirDeletions(
    { parts: { local } }: Csync2Mapping,
    { receiveOnly }: Other,
    session: PeerSession,
    divergences: readonly Divergence[],
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    // What a receiver has deleted it may owe, and does not count.
    if (receiveOnly || this.#parts.receiveOnly) return new Set();
    const names = new Set<string>();
    for (let ask = 0; ask < ASKS; ask++) {
      const open = divergences.filter(
        (one) => one.theirs === null && one.ours !== null && !names.has(one.name),
      );
      if (open.length === 0) break;
      if (ask > 0) await pause(REMARKED_MS, undefined, { signal });
      for (const { name, ours } of open)
        if (await session.owesDeletion(local.settings.key, name, ours ?? '')) names.add(name);
    }
    return names;
  }
}

/**
 * Differences that nobody owes. csync2 marks outside of any transaction, so that a kill or a power cut may leave a change
 * that some peer is never sent, or one of a peer's that counts as changed here; and of two nodes that send each other their
 * versions of a file at the same time, one may get the other's time of its last change. So after each look at everything,
 * and after conflicts, the tables are compared with the peers', as `verify` does. What differs in two comparisons in a
 * row, and is owed by no node of the group, all of which must answer, is treated as at a first meeting: what only one has
 * goes to the other, for the rest the policy decides, or a person.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Group } from '../../config/model.ts';
import { messageOf } from '../../util/errors.ts';
import type { Logger } from '../../util/log.ts';
import { kindOf } from './checktxt.ts';
import type { Decided } from './decided.ts';
import { decode } from './encoding.ts';
import { settleMeeting } from './first-meeting.ts';
import { glanceAt } from './glances.ts';
import type { Csync2Mapping } from './mapping.ts';
import type { Meetings } from './meetings.ts';
import type { Other } from './members.ts';
import { compareTables, recordedOf, type Divergence } from './peer-tables.ts';
import { takeOver } from './take-over.ts';

export interface RepairsParts {
  readonly group: Pick<Group, 'auto' | 'role'>;
  readonly log: Logger;
  readonly meetings: Meetings;
  readonly decided: Pick<Decided, 'givenUp'>;
  readonly others: readonly Other[];
  /** mappings that are exchanged with a node now */
  readonly exchanged: (node: string) => readonly Csync2Mapping[];
  readonly signal: AbortSignal;
}

const FIRST_MS = 10_000;
const LONGEST_MS = 3_600_000;
const MOST = 1_000;
const nobody = { ours: new Set<string>(), theirs: new Set<string>() };

export class Repairs {
  readonly #parts: RepairsParts;
  readonly #underWay = new Set<Csync2Mapping>();
  /** asked for while they were under way */
  readonly #again = new Set<Csync2Mapping>();
  /** what differed at the last comparison, by mapping and node */
  readonly #suspects = new Map<Csync2Mapping, Map<string, ReadonlyMap<string, string>>>();

  constructor(parts: RepairsParts) {
    this.#parts = parts;
  }

  /** Compares in a while, and again, ever less often, as long as something differs. */
  ask(mapping: Csync2Mapping): void {
    if (this.#underWay.has(mapping)) {
      this.#again.add(mapping);
      return;
    }
    this.#underWay.add(mapping);
    void this.#untilEqual(mapping).finally(() => this.#underWay.delete(mapping));
  }

  /** @returns whether something differs. Rejects when the peer cannot be asked. */
  async compare(mapping: Csync2Mapping, other: Other): Promise<boolean> {
    const { signal, meetings, group } = this.#parts;
    // What a receiver has changed is its own affair until somebody reverts it.
    if (group.role === 'receive' || other.receiveOnly || meetings.isDue(mapping, other.node)) return false;
    const { local, rootName } = mapping.parts;
    const session = await local.session(other.host, signal);
    try {
      const { divergences, isServed } = await compareTables(local, session, rootName, MOST);
      const known = this.#known(mapping, other, isServed ? divergences : []);
      const lasting = divergences.filter((one) => known.get(one.name) === textsOf(one));
      const lost: Divergence[] = [];
      for (const one of await this.#closedHere(mapping, other, lasting))
        if (!(await session.owes(local.settings.key, one))) lost.push(one);
      await this.#settle(mapping, other, await this.#closedElsewhere(mapping, other, lost));
      return isServed && divergences.length > 0;
    } finally {
      await session.close();
    }
  }

  /** Those that are on the disk as they are recorded, selected, not owed, and wait for nobody. */
  async #closedHere(
    mapping: Csync2Mapping,
    { node, host }: Other,
    divergences: readonly Divergence[],
  ): Promise<Divergence[]> {
    const { local, selection } = mapping.parts;
    const paths = new Map(divergences.map(({ name }) => [name, mapping.pathOf(name) ?? ''] as const));
    const owed = await local.table.peersOwed([...paths.keys()]);
    const there = await glanceAt(mapping.tree, [...paths.values()], this.#parts.signal);
    const undecided = new Set(this.#parts.meetings.undecided(mapping).get(node));
    return divergences.filter(({ name, ours, theirs }) => {
      const path = paths.get(name) ?? '';
      const text = there.get(path);
      const isAsRecorded = (typeof text === 'string' ? decode(text) : text) === ours;
      const isSelected = selection.selects(path, kindOf(ours ?? theirs ?? '') === 'dir');
      const isOwed = owed.get(name)?.includes(host) === true;
      return isAsRecorded && isSelected && !isOwed && !undecided.has(name);
    });
  }

  /** Those that no third node owes, which may not have reached both yet. Rejects when one of them cannot be asked. */
  async #closedElsewhere(
    mapping: Csync2Mapping,
    other: Other,
    divergences: readonly Divergence[],
  ): Promise<readonly Divergence[]> {
    const { others, signal } = this.#parts;
    const { local } = mapping.parts;
    const { key } = local.settings;
    let closed = divergences;
    for (const third of others) {
      if (third.node === other.node || third.receiveOnly || closed.length === 0) continue;
      const session = await local.session(third.host, signal);
      const left: Divergence[] = [];
      try {
        for (const one of closed) {
          const { name, ours } = one;
          let theirs: string | null = null;
          await session.list(key, name, (found, text) => {
            if (found === name) theirs = text;
          });
          if (!(await session.owes(key, { name, ours: ours ?? one.theirs, theirs }))) left.push(one);
        }
      } finally {
        await session.close();
      }
      closed = left;
    }
    return closed;
  }

  /** What differed the last time; what does now is kept for the next. */
  #known(
    mapping: Csync2Mapping,
    { node }: Other,
    divergences: readonly Divergence[],
  ): ReadonlyMap<string, string> {
    const byNode = this.#suspects.get(mapping) ?? new Map<string, ReadonlyMap<string, string>>();
    this.#suspects.set(mapping, byNode);
    const before = byNode.get(node) ?? new Map<string, string>();
    byNode.set(node, new Map(divergences.map((one) => [one.name, textsOf(one)])));
    return before;
  }

  async #settle(mapping: Csync2Mapping, other: Other, lost: readonly Divergence[]): Promise<void> {
    if (lost.length === 0) return;
    const { group, log, meetings, decided, signal } = this.#parts;
    const us = { receiveOnly: false, isFirst: !other.isFirst };
    const { ours, theirs, undecided } = settleMeeting(group.auto, us, other, lost, nobody);
    const of = { mapping: mapping.parts.mapping.name, peer: other.node };
    log.warn({ ...of, ours: ours.length, theirs: theirs.length, undecided: undecided.length }, DIFFER);
    decided.givenUp.end(mapping, ours);
    await mapping.mark(ours, signal);
    const recorded = recordedOf(lost, theirs);
    await takeOver(mapping, { winner: other.host, losers: [], recorded }, theirs, signal);
    meetings.differ(mapping, other.node, undecided);
  }

  async #untilEqual(mapping: Csync2Mapping): Promise<void> {
    const { signal, log, others, exchanged } = this.#parts;
    this.#suspects.delete(mapping);
    for (let waitMs = FIRST_MS; !signal.aborted; waitMs = Math.min(LONGEST_MS, waitMs * 2)) {
      await pause(waitMs, undefined, { signal, ref: false }).catch(() => null);
      let isDifferent = false;
      for (const other of others) {
        if (signal.aborted) return;
        if (!mapping.isThere() || !exchanged(other.node).includes(mapping)) continue;
        try {
          isDifferent = (await this.compare(mapping, other)) || isDifferent;
        } catch (error) {
          log.debug({ peer: other.node }, `not compared: ${messageOf(error)}`);
          isDifferent = true;
        }
      }
      if (isDifferent) continue;
      if (!this.#again.delete(mapping)) return;
      waitMs = FIRST_MS;
    }
  }
}

const DIFFER = 'files differ that nobody was to be sent: put right';

function textsOf({ ours, theirs }: Divergence): string {
  return `${ours}\n${theirs}`;
}

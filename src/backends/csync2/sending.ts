/** What goes out: a lane to each peer, and before it the first meetings that are due. */
import type { Group } from '../../config/model.ts';
import { systemClock } from '../../util/clock.ts';
import { CsyncdError, messageOf } from '../../util/errors.ts';
import type { Logger } from '../../util/log.ts';
import type { Decided } from './decided.ts';
import type { Local } from './local.ts';
import { deletedAnyway, LooseEnds } from './loose-ends.ts';
import { LostMarks } from './lost-marks.ts';
import type { Csync2Mapping } from './mapping.ts';
import type { Meetings } from './meetings.ts';
import type { Other } from './members.ts';
import type { OwedToPeers } from './owed.ts';
import type { FileResult } from './output.ts';
import { PeerLane } from './peer-lane.ts';
import type { Outcome } from './peer-run.ts';
import { Repairs } from './repairs.ts';
import { forceWinners, LASTING_MS } from './ties.ts';
import { tlsProblem } from './tls-problem.ts';
import type { Troubles } from './troubles.ts';

export interface SendingParts {
  readonly local: Local;
  readonly log: Logger;
  readonly others: readonly Other[];
  readonly owed: OwedToPeers;
  readonly meetings: Meetings;
  readonly troubles: Troubles;
  readonly decided: Decided;
  readonly group: Pick<Group, 'auto' | 'role'>;
  /** Mappings that are exchanged with a peer now. */
  readonly exchanged: (node: string) => readonly Csync2Mapping[];
  /** csync2's groups of these mappings; null: all */
  readonly blocks: (mappings: readonly Csync2Mapping[]) => readonly string[] | null;
  readonly mappings: () => readonly Csync2Mapping[];
  readonly onConflict: (mapping: Csync2Mapping, path: string, node: string) => void;
  readonly signal: AbortSignal;
}

const MEET_AGAIN_MS = 1_000;

export class Sending {
  readonly #parts: SendingParts;
  readonly #lanes: ReadonlyMap<string, PeerLane>;
  readonly #lostMarks = new LostMarks();
  readonly #looseEnds = new LooseEnds();
  readonly #repairs: Repairs;
  /** nodes that are asked again for a first meeting, and what takes that back */
  readonly #waiting = new Map<string, () => void>();

  constructor(parts: SendingParts) {
    this.#parts = parts;
    this.#repairs = new Repairs(parts);
    this.#lanes = new Map(parts.others.map((other) => [other.node, this.#createLane(other)] as const));
  }

  lane(node: string): PeerLane {
    const lane = this.#lanes.get(node);
    if (lane === undefined) throw new CsyncdError('unknown-peer', `there is no peer ${node}`);
    return lane;
  }

  /** csync2 has been told of these names, and owes them now. */
  marked(names: readonly string[]): void {
    this.#lostMarks.marked(names, Date.now());
    for (const lane of this.#lanes.values()) lane.kick();
  }

  /** All of it was looked at: what peers have otherwise, and nobody owes, is to be put right. */
  compare(mapping: Csync2Mapping): void {
    this.#repairs.ask(mapping);
  }

  /** What is exchanged has changed. */
  regroup(): void {
    for (const lane of this.#lanes.values()) lane.regroup();
  }

  /** What is owed is tried now, however long ago a peer was last reached. */
  hurry(): void {
    for (const lane of this.#lanes.values()) lane.hurry();
  }

  /** Marks what updates have left otherwise than it is recorded. */
  async tieUp(): Promise<void> {
    const { mappings, signal } = this.#parts;
    for (const mapping of mappings()) {
      if (mapping.isThere()) await mapping.mark(await this.#looseEnds.due(mapping, signal), signal);
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.stop()));
    for (const cancel of this.#waiting.values()) cancel();
  }

  #createLane(other: Other): PeerLane {
    const { local, log, owed, group, exchanged, blocks } = this.#parts;
    const { systemDir, databaseFile } = local.settings.places;
    return new PeerLane({
      peer: other.host,
      program: local.program,
      turns: local.turns,
      databaseFile,
      clock: systemClock,
      log,
      groups: () => blocks(exchanged(other.node)),
      ready: () => blocks(this.#ready(other).filter((mapping) => mapping.isThere())),
      owed: async () => {
        await this.#meet(other);
        if (group.role === 'receive') return 0;
        await this.#upholdGivenUp();
        await local.alone(() => owed.refresh());
        // A peer may have struck it off: somebody has decided there.
        if (owed.to(other.host).names === 0) this.#parts.troubles.settled(other.node);
        return owed.to(other.host, this.#ready(other)).names;
      },
      onOutcome: (outcome) => this.#updated(other, outcome),
      explainTls: () => tlsProblem(systemDir, databaseFile, other.host),
    });
  }

  /** What is to be compared with the peer for the first time. */
  async #meet(other: Other): Promise<void> {
    const { log, meetings, exchanged, signal } = this.#parts;
    for (const mapping of exchanged(other.node)) {
      if (!meetings.isDue(mapping, other.node)) continue;
      try {
        await meetings.meet(mapping, other, signal);
      } catch (error) {
        // It is down, or does not have the mapping yet.
        log.debug({ peer: other.node }, `not met yet: ${messageOf(error)}`);
        this.#meetAgain(other);
        return;
      }
    }
  }

  /** What has not been compared with a peer yet could overwrite what that one has. */
  #ready({ node }: Other): Csync2Mapping[] {
    const { exchanged, meetings } = this.#parts;
    return exchanged(node).filter((mapping) => !meetings.isDue(mapping, node));
  }

  #meetAgain({ node }: Other): void {
    if (this.#waiting.has(node) || this.#parts.signal.aborted) return;
    const cancel = systemClock.after(MEET_AGAIN_MS, () => {
      this.#waiting.delete(node);
      this.lane(node).kick();
    });
    this.#waiting.set(node, cancel);
  }

  async #updated(other: Other, outcome: Outcome): Promise<void> {
    const { sent, failed, conflicts, problem, startedAt, stalled } = outcome;
    const { troubles, owed, meetings, mappings, onConflict, decided } = this.#parts;
    await this.#upholdGivenUp();
    const missed = await this.#missed(other, outcome);
    const settled = new Set(
      mappings().flatMap((mapping) => [
        ...decided.at(mapping, other.node),
        ...decided.givenUp.names(mapping),
      ]),
    );
    const refused = conflicts.flatMap(({ name, state }) => (state === 'failed' ? [name] : []));
    const open = [...refused, ...missed].filter((name) => !settled.has(name));
    const rest = failed.filter(({ conflict }) => conflict === null);
    const fresh = troubles.updated(other.node, { failed: rest, conflicts: open }, Date.now());
    const equal = new Set(sent.map(({ name }) => name));
    for (const mapping of mappings()) {
      meetings.agreed(mapping, other.node, equal);
      for (const name of fresh) {
        const path = mapping.pathOf(name);
        if (path !== null) onConflict(mapping, path, other.node);
      }
    }
    await this.#upholdDecisions(other);
    await this.#endTies(other, conflicts);
    await this.#settle(other, outcome);
    this.#looseEnds.left(outcome);
    await this.tieUp();
    for (const mapping of mappings())
      if (conflicts.some(({ name }) => mapping.pathOf(name) !== null)) this.#repairs.ask(mapping);
    if (problem === null) owed.sentUpTo(other.host, startedAt);
    if (stalled) await this.#remark(other, startedAt);
  }

  /** Conflicts of which this update said nothing, and that are still owed. */
  async #missed(other: Other, { sent, failed }: Outcome): Promise<string[]> {
    const { local, troubles, signal } = this.#parts;
    const told = [...sent, ...failed].map(({ name }) => name);
    const names = troubles.missedBy(other.node, told);
    if (names.length === 0) return [];
    const owed = await local.owedIfAtRest(names, signal);
    // A session of a peer is at work: the next update tells.
    return owed === null ? names : names.filter((name) => owed.get(name)?.includes(other.host));
  }

  /** What a person has decided holds, whatever peers do: asked every so often. */
  async uphold(): Promise<void> {
    await this.#upholdGivenUp();
    for (const other of this.#parts.others) await this.#upholdDecisions(other);
  }

  /** Before a peer is sent what a person has decided against, and after: a peer that sends may bring it up again. */
  async #upholdGivenUp(): Promise<void> {
    const { decided, mappings, others, signal } = this.#parts;
    const peers = others.map(({ node }) => node);
    for (const mapping of mappings())
      // Where that node has decided for this one's version meanwhile, nobody owes it any more.
      if (await decided.givenUp.uphold(mapping, peers, signal)) this.#repairs.ask(mapping);
  }

  /** Where a peer has refused what a person has decided for, it is sent again at once. */
  async #upholdDecisions(other: Other): Promise<void> {
    const { decided, mappings, signal } = this.#parts;
    for (const mapping of mappings())
      if (await decided.uphold(mapping, other, signal)) this.lane(other.node).kick();
  }

  async #settle({ node, host }: Other, outcome: Outcome): Promise<void> {
    const { local, signal } = this.#parts;
    const settled = deletedAnyway(outcome);
    if (settled.length === 0) return;
    await local.settle(settled, host, signal);
    this.lane(node).kick();
  }

  async #endTies(other: Other, conflicts: readonly FileResult[]): Promise<void> {
    const { local, troubles, group, log, signal } = this.#parts;
    const lasting = troubles.lasting(other.node, Date.now() - LASTING_MS);
    const lost = conflicts.filter(({ name, state, conflict }) => {
      return state === 'failed' && conflict === 'lost' && lasting.has(name);
    });
    const names = lost.map(({ name }) => name);
    try {
      const winners = await forceWinners(local, group.auto, other, names, signal);
      if (winners.length > 0) this.lane(other.node).kick();
    } catch (error) {
      log.debug({ peer: other.node }, `lasting conflicts stay for now: ${messageOf(error)}`);
    }
  }

  async #remark({ host }: Other, since: number): Promise<void> {
    const { local, mappings, signal } = this.#parts;
    const suspects = this.#lostMarks.since(since);
    const owed = await local.alone(() => local.table.peersOwed(suspects), signal);
    const lost = suspects.filter((name) => owed.get(name)?.includes(host) !== true);
    for (const mapping of mappings()) await mapping.mark(lost, signal);
  }
}

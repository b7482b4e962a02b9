/** What this node says of one mapping: that it takes part or does not, its rows and marks, and what it holds. */
import type { NodeId } from '../core/types.ts';
import { NOTHING } from '../core/vector.ts';
import type { Knowledge } from '../wire/messages.ts';
import type { Outgoing, OutgoingContext } from './outgoing.ts';
import { RecentBatches } from './recent-batches.ts';
import type { Shared } from './shared.ts';

/** News about what we hold is gathered for this many ms before peers are told. */
const KNOWS_DELAY = 30;
/** A row younger than this may still be on its way from its author, ms. */
const RECENT = 2000;

export class Telling {
  readonly #shared: Shared;
  readonly #openPeers: () => NodeId[];
  readonly #batches = new RecentBatches();
  #knowsDue: number | null = null;

  /** @param openPeers those with which rows are exchanged now */
  constructor(shared: Shared, openPeers: () => NodeId[]) {
    this.#shared = shared;
    this.#openPeers = openPeers;
  }

  open(node: NodeId, knowledge: Knowledge = this.#shared.knowledge): void {
    const { rows, store, settings, effects, about } = this.#shared;
    const progress = rows.progress(node);
    effects.send(node, {
      kind: 'open',
      ...about,
      configHash: settings.configHash,
      tableId: store.tableId,
      haveTable: progress?.theirTable ?? '',
      haveSeq: progress?.theirSeq ?? 0,
      knowledge,
      linked: this.#openPeers(),
    });
  }

  close(node: NodeId, code: string, reason: string): void {
    const { effects, about } = this.#shared;
    effects.send(node, { kind: 'close', ...about, code, reason });
  }

  /** Sends at most one message of rows or one mark, having looked at a piece of the table; whether there may be more. */
  pump(node: NodeId, outgoing: Outgoing): boolean {
    const { effects, about, knowledge, rows } = this.#shared;
    outgoing.hasRoom = effects.canSend(node);
    if (!outgoing.hasRoom) return false;
    const next = outgoing.nextRows(this.#context());
    if (next !== null) {
      if (next !== 'more') effects.send(node, this.#batches.share(next));
      return true;
    }
    const mark = outgoing.nextMark(rows.lastSeq(), effects.now());
    if (mark !== null) {
      this.#batches.clear();
      const told = mark.isWhole ? knowledge : NOTHING;
      effects.send(node, { kind: 'mark', ...about, seq: mark.seq, knowledge: told });
    }
    return false;
  }

  /** What we hold, or who is linked, is news. */
  knowsSoon(): void {
    this.#knowsDue ??= this.#shared.effects.now() + KNOWS_DELAY;
    this.#shared.effects.wake();
  }

  /** When `knows` is due, ms since 1970. */
  get knowsDue(): number | null {
    return this.#knowsDue;
  }

  /** Tells what we hold, when that is due. */
  knows(): void {
    const { effects, about, knowledge } = this.#shared;
    if (this.#knowsDue === null || this.#knowsDue > effects.now()) return;
    this.#knowsDue = null;
    const linked = this.#openPeers();
    for (const node of linked) effects.send(node, { kind: 'knows', ...about, knowledge, linked });
  }

  #context(): OutgoingContext {
    const { table, contents, settings, about, effects, times } = this.#shared;
    return {
      table,
      contents,
      self: settings.node,
      about,
      now: () => effects.now(),
      recentAfter: () => times.seqAt(effects.now() - RECENT),
    };
  }
}

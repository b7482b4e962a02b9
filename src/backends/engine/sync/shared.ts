/** What the parts of one replica share: its state, its rules and the world. No behaviour but the transaction. */
import type { Row } from '../core/types.ts';
import * as row from '../core/row.ts';
import { observe } from '../core/observe.ts';
import { mostDeletions } from '../core/guard.ts';
import { retirable } from '../core/losers.ts';
import { wanted } from '../core/tree.ts';
import type { Actor, Dot } from '../core/types.ts';
import { merge, nodeOf } from '../core/vector.ts';
import type { MappingStore, Store } from '../store/store.ts';
import type { Knowledge } from '../wire/messages.ts';
import { Contents } from './contents.ts';
import type { Dots } from './dots.ts';
import type { Effects } from './effects.ts';
import { SeqTimes } from './seq-times.ts';
import type { ReplicaSettings } from './settings.ts';
import { Table } from './table.ts';
import type { StoredRow } from '../store/store.ts';

/** The decisions of core/, in one place so that the simulator can prove that a broken one is noticed. */
export interface Rules {
  join(a: Row, b: Row): Row;
  readonly edit: typeof row.edit;
  readonly retire: typeof row.retire;
  readonly observe: typeof observe;
  readonly retirable: typeof retirable;
  readonly wanted: typeof wanted;
  readonly mostDeletions: typeof mostDeletions;
}

export const RULES: Rules = {
  join: row.join,
  edit: row.edit,
  retire: row.retire,
  observe,
  retirable,
  wanted,
  mostDeletions,
};

/** Bytes of small contents kept at hand for each mapping. */
const CONTENTS_BYTES = 32 * 1024 * 1024;

export interface ReplicaParts {
  readonly store: Store;
  readonly dots: Dots;
  readonly effects: Effects;
  readonly settings: ReplicaSettings;
  readonly rules?: Rules;
}

export class Shared {
  readonly store: Store;
  readonly rows: MappingStore;
  readonly dots: Dots;
  readonly effects: Effects;
  readonly rules: Rules;
  readonly table: Table;
  readonly contents = new Contents(CONTENTS_BYTES);
  readonly times: SeqTimes;
  settings: ReplicaSettings;
  /** Everything of every actor up to these counters is in the table (I14). */
  #knowledge: Knowledge;
  #savedKnowledge: Knowledge;
  #isBehind = false;

  constructor(parts: ReplicaParts, onPending: (row: StoredRow) => void) {
    this.store = parts.store;
    this.dots = parts.dots;
    this.effects = parts.effects;
    this.settings = parts.settings;
    this.rules = parts.rules ?? RULES;
    this.rows = parts.store.mapping(parts.settings.group, parts.settings.mapping);
    this.table = new Table(this.rows, () => this.settings, this.rules.wanted, onPending);
    this.times = new SeqTimes(this.rows.lastSeq());
    this.#knowledge = this.rows.knowledge();
    this.#savedKnowledge = this.#knowledge;
  }

  get knowledge(): Knowledge {
    return this.#knowledge;
  }

  /** Only with a peer's mark, when its whole table is held: a row by itself proves nothing of others. */
  learn(knowledge: Knowledge): boolean {
    const merged = merge(this.#knowledge, knowledge);
    const isNews = merged !== this.#knowledge;
    this.#knowledge = merged;
    return isNews;
  }

  /** A peer has met a later state of this store. Until a new epoch begins nothing is said, for what we know may be untrue. */
  rolledBack(): void {
    this.#isBehind = true;
    this.effects.rolledBack();
  }

  get isBehind(): boolean {
    return this.#isBehind;
  }

  /**
   * This store is older than it was: of what this node once made, it may lack some. It is told again from the start.
   */
  forgetOwn(): void {
    this.#isBehind = false;
    const others = [...this.#knowledge].filter(([actor]) => nodeOf(actor as Actor) !== this.settings.node);
    this.#knowledge = new Map(others);
    this.transact(() => undefined);
  }

  /** A dot for a change of this mapping. Counters of an actor grow, so knowing it means knowing all before it. */
  nextDot(): Dot {
    const dot = this.dots.next();
    this.#knowledge = merge(this.#knowledge, new Map([[dot.actor, dot.counter]]));
    return dot;
  }

  /** One transaction; the dots given out in it, and what is known by it, are saved with it (I11, I14). */
  transact(body: () => void): void {
    this.store.transaction(() => {
      body();
      this.dots.save();
      if (this.#knowledge !== this.#savedKnowledge) this.rows.setKnowledge(this.#knowledge);
    });
    this.#savedKnowledge = this.#knowledge;
    this.times.note(this.rows.lastSeq(), this.effects.now());
  }

  get about(): { readonly group: string; readonly mapping: string } {
    return { group: this.settings.group, mapping: this.settings.mapping };
  }
}

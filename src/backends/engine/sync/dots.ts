import type { Actor, Dot, NodeId } from '../core/types.ts';
import { actorOf, nextCounter } from '../core/vector.ts';
import type { Store } from '../store/store.ts';

const COUNTER = 'dots.counter';
const EPOCH = 'dots.epoch';
/** An epoch is a time in seconds and this many values of chance; together they fit a number. */
const CHANCE = 2 ** 20;

/**
 * Makes this node's dots: one sequence for all mappings of a store. The last counter is saved in the transaction that
 * uses it, so a kill cannot reuse one; what a lost or rolled back store had used is jumped over by the clock (I11).
 */
export class Dots {
  readonly node: NodeId;
  readonly #store: Store;
  readonly #now: () => number;
  #actor: Actor;
  #last: number;
  #saved: number;
  /** the last counter of earlier runs, and the first of this one: none between them was ever given out, as far as is known */
  #before: number;
  #first: number | null = null;

  constructor(node: NodeId, store: Store, now: () => number) {
    this.node = node;
    this.#store = store;
    this.#now = now;
    this.#last = Number(store.get(COUNTER) ?? 0);
    this.#saved = this.#last;
    this.#before = this.#last;
    this.#actor = actorOf(node, Number(store.get(EPOCH) ?? 0));
    // A new store may stand in a lost one's place: what that one had made must not pass for known.
    if (store.get(EPOCH) === null) this.newEpoch();
  }

  get actor(): Actor {
    return this.#actor;
  }

  next(): Dot {
    this.#last = nextCounter(this.#last, this.#now());
    this.#first ??= this.#last;
    return { actor: this.#actor, counter: this.#last };
  }

  /** Saves the counter; called inside the transaction that stores the dots. */
  save(): void {
    if (this.#saved === this.#last) return;
    this.#store.set(COUNTER, String(this.#last));
    this.#saved = this.#last;
  }

  /**
   * Whether a counter of this very actor was never given out here: the store has gone back in time. What was found on the
   * disk before the first peer could say so has counters of its own, far above the forgotten ones.
   */
  isUnknown(actor: string, counter: number): boolean {
    if (actor !== this.#actor || counter <= this.#before) return false;
    return counter > this.#last || counter < (this.#first ?? Infinity);
  }

  /**
   * A new actor and a new table, whenever the state may have gone back (replication.md 10). Its name holds the time, so that
   * it can be read, and some of the table's own random name: the clock may have gone back too, and a restored store does
   * not know which epochs it has had.
   */
  newEpoch(): void {
    const epoch = this.#store.transaction(() => {
      this.#store.newTableId();
      const last = Math.floor(Number(this.#store.get(EPOCH) ?? 0) / CHANCE);
      const time = Math.max(last + 1, Math.floor(this.#now() / 1000));
      const epoch = time * CHANCE + hashOf(this.#store.tableId);
      this.#store.set(EPOCH, String(epoch));
      return epoch;
    });
    this.#actor = actorOf(this.node, epoch);
    this.#before = this.#last;
    this.#first = null;
  }
}

/** FNV-1a, folded to less than CHANCE. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0) % CHANCE;
}

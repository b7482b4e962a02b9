import type { Actor, Dot, NodeId, Vector } from './types.ts';

export const NOTHING: Vector = new Map();

/** Whether the vector has seen this dot. */
export function covers(vector: Vector, dot: Dot): boolean {
  return (vector.get(dot.actor) ?? 0) >= dot.counter;
}

/** Whether `vector` has seen everything that `other` has. */
export function includes(vector: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): boolean {
  for (const [actor, counter] of other) if ((vector.get(actor) ?? 0) < counter) return false;
  return true;
}

/** Pointwise maximum; returns `a` itself when `b` adds nothing. */
export function merge<A extends string>(
  a: ReadonlyMap<A, number>,
  b: ReadonlyMap<A, number>,
): ReadonlyMap<A, number> {
  if (includes(a, b)) return a;
  const merged = new Map(a);
  for (const [actor, counter] of b) if ((merged.get(actor) ?? 0) < counter) merged.set(actor, counter);
  return merged;
}

/** The vector with one more dot seen. */
export function seen(vector: Vector, dot: Dot): Vector {
  if (covers(vector, dot)) return vector;
  return new Map(vector).set(dot.actor, dot.counter);
}

export function sameDot(a: Dot, b: Dot): boolean {
  return a.counter === b.counter && a.actor === b.actor;
}

/** One order of dots on all nodes: by counter, then by actor's bytes. */
export function compareDots(a: Dot, b: Dot): number {
  if (a.counter !== b.counter) return a.counter - b.counter;
  return a.actor < b.actor ? -1 : a.actor > b.actor ? 1 : 0;
}

export function actorOf(node: NodeId, epoch: number): Actor {
  return `${node}#${epoch.toString(36)}` as Actor;
}

export function nodeOf(actor: Actor): NodeId {
  return actor.slice(0, actor.lastIndexOf('#')) as NodeId;
}

/** The next counter of an actor: grows even when the clock does not, and leaps ahead of what a lost store had used (I11). */
export function nextCounter(last: number, nowMs: number): number {
  return Math.max(last + 1, Math.floor(nowMs));
}

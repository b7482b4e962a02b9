/**
 * Which of the concurrent versions a path shows: a pure function of the sibling set, so that every node picks the same
 * one with no vote (I6). Dominated versions are gone before it is asked: policy and dominance together are not
 * transitive. Order: a live version before a deletion, then the policy's key, then the dot (replication.md 4).
 */
import { assertNever } from './never.ts';
import type { Dot, NodeId, Policy, Row, Sibling, Value } from './types.ts';
import { compareDots, nodeOf } from './vector.ts';
import { dotsOf } from './row.ts';
import { isLive, mtimeOf, sameContent, sizeOf } from './value.ts';

/** What a policy looks at besides the siblings; equal on all nodes (part of the config hash). */
export interface PolicyContext {
  readonly policy: Policy;
  /** the group's hosts in the config's order, for `left` and `right` */
  readonly hosts: readonly NodeId[];
}

export type Shown =
  /** no version at all is known */
  | { readonly kind: 'nothing' }
  /** `dots`: all siblings that hold this very value */
  | { readonly kind: 'version'; readonly value: Value; readonly dots: readonly Dot[] }
  /** policy `none` and different contents: a person decides, every node keeps what it has */
  | { readonly kind: 'undecided' };

export function shown(row: Row, context: PolicyContext): Shown {
  const first = row.siblings[0];
  if (first === undefined) return { kind: 'nothing' };
  if (row.siblings.length === 1) return { kind: 'version', value: first.value, dots: [first.dot] };
  if (context.policy === 'none' && isConflict(row)) return { kind: 'undecided' };
  const best = row.siblings.reduce((winner, sibling) =>
    compareSiblings(sibling, winner, context) > 0 ? sibling : winner,
  );
  return { kind: 'version', value: best.value, dots: dotsOf(row, best.value) };
}

/**
 * Whether the siblings differ in content; a difference in owner, mode or time alone is settled silently, and so is a
 * directory's deletion on one node against its use on another: there is nothing in it to lose.
 */
export function isConflict({ siblings }: Row): boolean {
  const [first, ...others] = siblings;
  if (first === undefined || others.length === 0) return false;
  return (
    others.some(({ value }) => !sameContent(value, first.value)) &&
    siblings.some(({ value }) => isMoreThanDir(value))
  );
}

function isMoreThanDir(value: Value): boolean {
  return isLive(value) && value.kind !== 'dir';
}

/** Positive when `a` wins. Total: never 0 for different dots. */
function compareSiblings(a: Sibling, b: Sibling, context: PolicyContext): number {
  const liveness = Number(isLive(a.value)) - Number(isLive(b.value));
  if (liveness !== 0) return liveness;
  return comparePolicy(a, b, context) || compareDots(a.dot, b.dot);
}

function comparePolicy(a: Sibling, b: Sibling, { policy, hosts }: PolicyContext): number {
  switch (policy) {
    case 'none':
    case 'younger':
    case 'keep-both':
      return compareTimes(a, b);
    case 'older':
      return -compareTimes(a, b);
    case 'bigger':
      return sizeOf(a.value) - sizeOf(b.value);
    case 'smaller':
      return sizeOf(b.value) - sizeOf(a.value);
    case 'first':
      return b.dot.counter - a.dot.counter;
    case 'left':
      return position(b, hosts) - position(a, hosts);
    case 'right':
      return position(a, hosts) - position(b, hosts);
    default:
      return assertNever(policy);
  }
}

function compareTimes(a: Sibling, b: Sibling): number {
  const difference = timeOf(a) - timeOf(b);
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}

/** What carries no mtime counts as of the moment it was made, by its author's clock. */
function timeOf(sibling: Sibling): bigint {
  return mtimeOf(sibling.value) ?? BigInt(sibling.dot.counter) * 1_000_000n;
}

/** A host that left the group counts as the last one. */
function position(sibling: Sibling, hosts: readonly NodeId[]): number {
  const index = hosts.indexOf(nodeOf(sibling.dot.actor));
  return index === -1 ? hosts.length : index;
}

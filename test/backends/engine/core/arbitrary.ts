/** Small alphabets, so that coincidences happen: few nodes, few contents, few times. */
import fc from 'fast-check';
import { edit, EMPTY_ROW, join, retire } from '../../../../src/backends/engine/core/row.ts';
import type {
  Dot,
  Identity,
  NodeId,
  Row,
  Sha256,
  Value,
} from '../../../../src/backends/engine/core/types.ts';
import { actorOf } from '../../../../src/backends/engine/core/vector.ts';

export const NODES = ['n1', 'n2', 'n3'].map((name) => name as NodeId);

export const sha = (letter: string): Sha256 => letter.repeat(64) as Sha256;
export const identity = (text: string): Identity => text as Identity;

/** A file by the letter of its content. */
export function file(letter: string, more: Partial<Extract<Value, { kind: 'file' }>> = {}): Value {
  return {
    kind: 'file',
    sha256: sha(letter),
    size: letter.charCodeAt(0),
    mtimeNs: 1n,
    mode: 0o644,
    owner: 'u:g',
    ...more,
  };
}

export const DIR: Value = { kind: 'dir', mode: 0o755, owner: 'u:g' };
export const GONE: Value = { kind: 'absent' };
export const dot = (node: string, counter: number): Dot => ({ actor: actorOf(node as NodeId, 0), counter });

const value: fc.Arbitrary<Value> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .record({
        letter: fc.constantFrom('a', 'b', 'c'),
        mtimeNs: fc.constantFrom(1n, 2n, 3n),
        mode: fc.constantFrom(0o644, 0o600),
      })
      .map(({ letter, ...more }) => file(letter, more)),
  },
  { weight: 1, arbitrary: fc.constant(DIR) },
  { weight: 2, arbitrary: fc.constant(GONE) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('a', 'ab')
      .map((target): Value => ({ kind: 'symlink', target, mtimeNs: 1n, owner: 'u:g' })),
  },
);

type Step =
  | { readonly kind: 'edit'; readonly node: number; readonly value: Value }
  | { readonly kind: 'send'; readonly node: number; readonly to: number }
  | { readonly kind: 'retire'; readonly node: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('edit' as const), node: fc.nat(2), value }),
  fc.record({ kind: fc.constant('send' as const), node: fc.nat(2), to: fc.nat(2) }),
  fc.record({ kind: fc.constant('retire' as const), node: fc.nat(2) }),
);

/** Rows as they come to be: three nodes that edit, retire and tell each other. One row a node. */
export const reachableRows: fc.Arbitrary<Row[]> = fc.array(step, { maxLength: 14 }).map((steps) => {
  const rows: Row[] = NODES.map(() => EMPTY_ROW);
  let counter = 0;
  const rowOf = (node: number): Row => rows[node] ?? EMPTY_ROW;
  const next = (node: number): Dot => dot(NODES[node] ?? 'n1', ++counter);
  for (const one of steps) {
    const row = rowOf(one.node);
    const shown = row.siblings.slice(-1).map((sibling) => sibling.dot);
    if (one.kind === 'edit') rows[one.node] = edit(row, shown, next(one.node), one.value);
    else if (one.kind === 'send') rows[one.to] = join(rowOf(one.to), row);
    else if (row.siblings.length > 1)
      rows[one.node] = retire(
        row,
        row.siblings.slice(0, 1).map((sibling) => sibling.dot),
        next(one.node),
      );
  }
  return rows;
});

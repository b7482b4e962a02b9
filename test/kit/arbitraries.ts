/** Generators (fast-check) of the engine's data: small alphabets, so that coincidences happen. */
import fc from 'fast-check';
import type { Actor, Dot, RelPath, Row, Sha256, Value } from '../../src/backends/engine/core/types.ts';
import { compareDots } from '../../src/backends/engine/core/vector.ts';

/** Two contents, one of them the empty file's. */
const HASHES = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
] as Sha256[];

const ACTORS = ['a#1', 'a#2', 'b#1', 'web-3.example.org#4294967295'] as Actor[];

/** A name as Linux has them: any byte but NUL and `/`. */
const NAMES = ['a', 'b', 'a-b', 'a.txt', '\x01', '\xff\xfe', 'ü', '-', '%', ' ', '\n'];

const times = fc.constantFrom(0n, -1n, 1_700_000_000_123_456_789n, -62_135_596_800_000_000_000n);
const modes = fc.constantFrom(0, 0o644, 0o7777);
const owners = fc.constantFrom('', 'root:root', '#0:#4294967295');

export const values: fc.Arbitrary<Value> = fc.oneof(
  record({
    kind: fc.constant('file' as const),
    sha256: fc.constantFrom(...HASHES),
    size: fc.constantFrom(0, 1, 127, 128, 2 ** 40, Number.MAX_SAFE_INTEGER),
    mtimeNs: times,
    mode: modes,
    owner: owners,
  }),
  record({ kind: fc.constant('dir' as const), mode: modes, owner: owners }),
  record({
    kind: fc.constant('symlink' as const),
    target: fc.constantFrom('a', '/etc/\xff', 'x'.repeat(4095)),
    mtimeNs: times,
    owner: owners,
  }),
  record({ kind: fc.constant('fifo' as const), mtimeNs: times, mode: modes, owner: owners }),
  fc.constant({ kind: 'absent' as const }),
  record({ kind: fc.constant('absent' as const), dir: record({ mode: modes, owner: owners }) }),
);

const dots: fc.Arbitrary<Dot> = record({
  actor: fc.constantFrom(...ACTORS),
  counter: fc.oneof(
    fc.integer({ min: 1, max: 4 }),
    fc.constantFrom(1_800_000_000_000, Number.MAX_SAFE_INTEGER),
  ),
});

/** Rows whose context covers their siblings, the siblings by dot, as every real row is. */
export const rows: fc.Arbitrary<Row> = fc
  .record({
    siblings: fc.uniqueArray(record({ dot: dots, value: values }), {
      maxLength: 3,
      selector: (sibling) => `${sibling.dot.actor}:${sibling.dot.counter}`,
    }),
    seen: fc.array(dots, { maxLength: 3 }),
  })
  .map(({ siblings, seen }) => {
    const context = new Map<Actor, number>();
    for (const { actor, counter } of [...seen, ...siblings.map((sibling) => sibling.dot)]) {
      context.set(actor, Math.max(counter, context.get(actor) ?? 0));
    }
    return { siblings: siblings.toSorted((a, b) => compareDots(a.dot, b.dot)), context };
  });

/** Paths that share parents, with names that sort around `/`. */
export const paths: fc.Arbitrary<RelPath> = fc
  .array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 4 })
  .map((names) => names.join('/') as RelPath);

/** `fc.record` of plain objects, which `deepEqual` compares with plain objects. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true });
}

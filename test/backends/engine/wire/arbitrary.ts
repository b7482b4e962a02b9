/** Random messages, as fast-check makes and shrinks them. */
import fc from 'fast-check';
import type {
  Actor,
  NodeId,
  RelPath,
  Row,
  Sha256,
  Sibling,
  Value,
} from '../../../../src/backends/engine/core/types.ts';
import { compareDots } from '../../../../src/backends/engine/core/vector.ts';
import type { Message, RowUpdate } from '../../../../src/backends/engine/wire/messages.ts';

/** Records with an ordinary prototype, as JSON makes them. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true });
}

const byteChar = fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code));
const bytes = (maxLength: number) => fc.string({ unit: byteChar, maxLength });

const segment = fc
  .string({ unit: byteChar, minLength: 1, maxLength: 255 })
  .map((name) => name.replaceAll('/', '_'))
  .filter((name) => name !== '.' && name !== '..' && name !== '.csyncd');

export const relPath = fc
  .array(segment, { minLength: 1, maxLength: 12 })
  .map((segments) => segments.join('/') as RelPath);

const name = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,62}$/);
const count = fc.maxSafeNat();
const about = { group: name, mapping: name };
const actor = fc.tuple(name, fc.nat()).map(([node, epoch]) => `${node}#${epoch}` as Actor);
const access = { mode: fc.integer({ min: 0, max: 0o7777 }), owner: bytes(30) };
const mtimeNs = fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n });
const sha256 = fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => hex as Sha256);

const value: fc.Arbitrary<Value> = fc.oneof(
  record({ kind: fc.constant('file' as const), sha256, size: count, mtimeNs, ...access }),
  record({ kind: fc.constant('dir' as const), ...access }),
  record({
    kind: fc.constant('symlink' as const),
    target: fc.string({ unit: byteChar, minLength: 1, maxLength: 300 }),
    mtimeNs,
    owner: bytes(30),
  }),
  record({ kind: fc.constant('fifo' as const), mtimeNs, ...access }),
  fc.constant({ kind: 'absent' as const }),
  record({ kind: fc.constant('absent' as const), dir: record(access) }),
);

const row: fc.Arbitrary<Row> = fc
  .uniqueArray(fc.tuple(actor, fc.integer({ min: 1, max: 2 ** 52 }), fc.nat(5), fc.option(value)), {
    maxLength: 5,
    selector: ([who]) => who,
  })
  .map((entries) => {
    const ordered = entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
    return {
      context: new Map(ordered.map(([who, counter]) => [who, counter])),
      siblings: ordered
        .flatMap(([who, counter, behind, held]): Sibling[] =>
          held === null ? [] : [{ dot: { actor: who, counter: Math.max(1, counter - behind) }, value: held }],
        )
        .sort((a, b) => compareDots(a.dot, b.dot)),
    };
  });

const update: fc.Arbitrary<RowUpdate> = record({
  path: relPath,
  seq: count,
  row,
  movedFrom: fc.option(relPath),
  content: fc.option(fc.uint8Array({ maxLength: 2000 })),
});

const knowledge = fc
  .array(fc.tuple(actor, count), { maxLength: 8 })
  .map((pairs) => new Map<string, number>(pairs));
const linked = fc.array(
  name.map((node) => node as NodeId),
  { maxLength: 3 },
);
const text = fc.string({ maxLength: 200 });

export const rowsMessage = record({
  kind: fc.constant('rows' as const),
  ...about,
  prev: count,
  last: count,
  rows: fc.array(update, { maxLength: 8 }),
});

export const message: fc.Arbitrary<Message> = fc.oneof(
  record({
    kind: fc.constant('open' as const),
    ...about,
    configHash: text,
    tableId: text,
    haveTable: text,
    haveSeq: count,
    knowledge,
    linked,
  }),
  record({ kind: fc.constant('close' as const), ...about, code: text, reason: text }),
  rowsMessage,
  record({ kind: fc.constant('mark' as const), ...about, seq: count, knowledge }),
  record({ kind: fc.constant('knows' as const), ...about, knowledge, linked }),
  record({
    kind: fc.constant('ack' as const),
    ...about,
    tableId: text,
    seq: count,
    failedCount: count,
    failed: fc.array(record({ path: relPath, code: text, message: text }), { maxLength: 5 }),
  }),
  record({ kind: fc.constant('credit' as const), bytes: count }),
  record({ kind: fc.constant('ping' as const), time: count }),
  record({ kind: fc.constant('call' as const), id: count, method: text, params: json() }),
  record({
    kind: fc.constant('answer' as const),
    id: count,
    result: json(),
    error: fc.option(record({ code: text, message: text })),
  }),
);

/** What is the same after a way through JSON. */
function json(): fc.Arbitrary<unknown> {
  return fc.jsonValue().map((any): unknown => JSON.parse(JSON.stringify(any)));
}

export const bulkFrame = record({
  stream: fc.nat(2 ** 32 - 1),
  type: fc.nat(255),
  header: json(),
  body: fc.option(fc.uint8Array({ maxLength: 5000 })),
});

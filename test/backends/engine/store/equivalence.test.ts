import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import type { Actor, Identity, RelPath } from '../../../../src/backends/engine/core/types.ts';
import { MemoryStore } from '../../../../src/backends/engine/store/memory.ts';
import { openStore } from '../../../../src/backends/engine/store/sqlite.ts';
import { openReader } from '../../../../src/backends/engine/store/reader.ts';
import type { Store, StoredRow } from '../../../../src/backends/engine/store/store.ts';
import { paths, rows, values } from '../../../kit/arbitraries.ts';
import { identitiesOf } from '../../../kit/beliefs.ts';
import { dump } from '../../../kit/store-conformance.ts';
import { makeTempDir } from '../../../kit/temp-dir.ts';

type Operation =
  | { readonly kind: 'put'; readonly row: StoredRow; readonly numbered: boolean }
  | { readonly kind: 'delete'; readonly path: RelPath }
  | { readonly kind: 'intent'; readonly path: RelPath }
  | { readonly kind: 'transaction'; readonly body: readonly Operation[]; readonly fails: boolean };

const storedRows: fc.Arbitrary<StoredRow> = fc.record(
  {
    path: paths,
    row: rows,
    seq: fc.nat(9),
    applied: fc.option(
      fc.record(
        {
          value: values,
          identity: fc.constantFrom(null, 'x' as Identity),
          dots: fc.constantFrom([], [{ actor: 'b#1' as Actor, counter: 1_700_000_000_000 }]),
        },
        { noNullPrototype: true },
      ),
    ),
    pending: fc.boolean(),
    blocked: fc.option(fc.constant({ code: 'EIO', message: 'ü', since: 1 })),
    liveChildren: fc.nat(3),
    movedFrom: fc.option(paths),
  },
  { noNullPrototype: true },
);

const { operations } = fc.letrec<{ operation: Operation; operations: Operation[] }>((tie) => ({
  operation: fc.oneof(
    { depthSize: 'small' },
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('put' as const), row: storedRows, numbered: fc.boolean() }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), path: paths }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('intent' as const), path: paths }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('transaction' as const),
        body: tie('operations'),
        fails: fc.boolean(),
      }),
    },
  ),
  operations: fc.array(tie('operation'), { maxLength: 12 }),
}));

it('both stores and the reader give the same answers after any operations', () => {
  fc.assert(
    fc.property(operations, fc.array(paths, { maxLength: 4 }), (sequence, asked) => {
      const dir = makeTempDir();
      const memory = new MemoryStore();
      const sqlite = openStore(dir);
      try {
        for (const store of [memory, sqlite]) run(store, sequence);
        assert.deepEqual(answers(sqlite, asked), answers(memory, asked));
        assert.deepEqual(readerAnswers(dir, asked), believed(memory, asked));
      } finally {
        sqlite.close();
      }
      const reopened = openStore(dir);
      try {
        assert.deepEqual(answers(reopened, asked), answers(memory, asked));
      } finally {
        reopened.close();
      }
    }),
    { numRuns: 150 },
  );
});

function run(store: Store, sequence: readonly Operation[]): void {
  const mapping = store.mapping('web', 'shared');
  for (const operation of sequence) {
    switch (operation.kind) {
      case 'put': {
        const { row, numbered } = operation;
        mapping.put(numbered ? { ...row, seq: mapping.nextSeq() } : row);
        break;
      }
      case 'delete':
        mapping.delete(operation.path);
        break;
      case 'intent':
        mapping.addIntents(operation.path.length, [
          { path: operation.path, backupId: null, wanted: { value: { kind: 'absent' }, dots: [] } },
        ]);
        break;
      case 'transaction':
        runNested(store, operation.body, operation.fails);
        break;
    }
  }
}

function runNested(store: Store, body: readonly Operation[], fails: boolean): void {
  const stop = new Error('stop');
  try {
    store.transaction<void>(() => {
      run(store, body);
      if (fails) throw stop;
    });
  } catch (error) {
    if (error !== stop) throw error;
  }
}

function answers(store: Store, asked: readonly RelPath[]): unknown {
  const mapping = store.mapping('web', 'shared');
  const about = (path: RelPath) => ({
    get: mapping.get(path),
    children: mapping.children(path),
    subtree: [...mapping.subtree(path)],
    page: mapping.page(path, 3),
  });
  return {
    all: dump(store),
    since: mapping.since(2, 5),
    pending: mapping.pending(0, 5),
    troubled: mapping.troubled(null, 5),
    blocked: mapping.blocked('a' as RelPath, 5),
    about: ['' as RelPath, ...asked].map(about),
  };
}

function readerAnswers(dir: string, asked: readonly RelPath[]): unknown {
  const reader = openReader(dir, 'web', 'shared');
  try {
    return asked.map((path) => ({
      get: reader.get(path),
      children: reader.children(path),
      identities: reader.identities(path),
    }));
  } finally {
    reader.close();
  }
}

/** What the reader has to say, by the memory store. */
function believed(store: Store, asked: readonly RelPath[]): unknown {
  const mapping = store.mapping('web', 'shared');
  return asked.map((path) => {
    const row = mapping.get(path);
    const present = mapping
      .children(path)
      .filter(({ applied }) => applied !== null && applied.value.kind !== 'absent');
    return {
      get: row === null ? null : { path, applied: row.applied },
      children: present.map(({ path, applied }) => ({ path, applied })),
      identities: identitiesOf(present),
    };
  });
}

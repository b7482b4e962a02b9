/** What every store must do, whatever it is made of. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Actor, Identity, RelPath, Value } from '../../src/backends/engine/core/types.ts';
import type { AuditEvent, Backup, Store, StoredRow } from '../../src/backends/engine/store/store.ts';

const HASH = '0123456789abcdef'.repeat(4);

/** Runs the suite on stores that `open` makes, each new and empty; `close` is called on all of them. */
export function storeConformance(name: string, open: () => Store): void {
  describe(`store: ${name}`, () => {
    const withStore = (body: (store: Store) => void) => () => {
      const store = open();
      try {
        body(store);
      } finally {
        store.close();
      }
    };

    it(
      'holds the same after a rest',
      withStore((store) => {
        fill(store, 'a', 1);
        const before = dump(store);
        store.rest();
        assert.deepEqual(dump(store), before);
        assert.equal(store.mapping('web', 'shared').get('a' as RelPath)?.path, 'a');
      }),
    );

    it(
      'gives back a row as it was put, and replaces and deletes it',
      withStore((store) => {
        const mapping = store.mapping('web', 'shared');
        const row = storedRow('dir/na\xfc\xff\nme', { seq: 7, movedFrom: 'old\x01' as RelPath });
        const blocked = {
          ...row,
          blocked: { code: 'ENOSPC', message: 'no space – voll', since: 5 },
          pending: true,
        };
        mapping.put(row);
        assert.deepEqual(mapping.get(row.path), row);
        mapping.put(blocked);
        assert.deepEqual(mapping.get(row.path), blocked);
        mapping.delete(row.path);
        assert.equal(mapping.get(row.path), null);
        mapping.delete(row.path);
      }),
    );

    it(
      'keeps siblings, context and an applied value that is none of them',
      withStore((store) => {
        const mapping = store.mapping('web', 'shared');
        const a = { actor: 'a#1' as Actor, counter: 3 };
        const b = { actor: 'b#1' as Actor, counter: 9 };
        const row: StoredRow = {
          ...storedRow('f'),
          row: {
            siblings: [
              { dot: a, value: file(1) },
              { dot: b, value: { kind: 'absent', dir: { mode: 0o755, owner: 'x:y' } } },
            ],
            context: new Map([
              [a.actor, 4],
              [b.actor, 9],
              ['c#1' as Actor, 1],
            ]),
          },
          applied: { value: { kind: 'absent' }, dots: [a, b], identity: null },
        };
        mapping.put(row);
        assert.deepEqual(mapping.get(row.path), row);
      }),
    );

    it(
      'orders paths name by name, in byte order',
      withStore((store) => {
        const mapping = store.mapping('web', 'shared');
        const inOrder = ['a', 'a/b', 'a/b/c', 'a/\xff', 'a\x01', 'a b', 'a-b', 'a.b/x', 'ab', 'b/y', '\xfc'];
        for (const path of inOrder.toReversed()) mapping.put(storedRow(path));
        assert.deepEqual(pathsOf(mapping.page(null, 100)), inOrder);
        assert.deepEqual(pathsOf(mapping.page(null, 2)), ['a', 'a/b']);
        assert.deepEqual(pathsOf(mapping.page('a/b' as RelPath, 3)), ['a/b/c', 'a/\xff', 'a\x01']);
        assert.deepEqual(pathsOf(mapping.page('a/zzz' as RelPath, 1)), ['a/\xff']);
      }),
    );

    it(
      'finds the children of a directory, also of one that has no row',
      withStore((store) => {
        const mapping = store.mapping('web', 'shared');
        for (const path of [
          'a',
          'a/b',
          'a/b/c',
          'a/b-c',
          'a/d/e/f',
          'a/g',
          'a-b',
          'a-b/x',
          'z/1/2',
          'z/1/3',
          'z/4',
        ]) {
          mapping.put(storedRow(path));
        }
        assert.deepEqual(pathsOf(mapping.children('' as RelPath)), ['a', 'a-b']);
        assert.deepEqual(pathsOf(mapping.children('a' as RelPath)), ['a/b', 'a/b-c', 'a/g']);
        assert.deepEqual(pathsOf(mapping.children('z' as RelPath)), ['z/4']);
        assert.deepEqual(pathsOf(mapping.children('a/g' as RelPath)), []);
      }),
    );

    it(
      'finds all rows of a subtree and none beside it',
      withStore((store) => {
        const mapping = store.mapping('web', 'shared');
        const inside = ['a', 'a/b', 'a/b/c'];
        for (const path of [...inside, 'a-b', 'a\x01', 'b']) mapping.put(storedRow(path));
        const many = Array.from({ length: 1203 }, (_, i) => `a/many/${String(i).padStart(5, '0')}`);
        store.transaction<void>(() => many.forEach((path) => mapping.put(storedRow(path))));
        assert.deepEqual(pathsOf(mapping.subtree('a' as RelPath)).sort(), [...inside, ...many].sort());
        assert.equal([...mapping.subtree('' as RelPath)].length, inside.length + many.length + 3);
      }),
    );

    it(
      'lets rows be changed while a subtree is read',
      withStore((store) => {
        const mapping = store.mapping('web', 'shared');
        store.transaction<void>(() => {
          for (let i = 0; i < 1500; i++) mapping.put(storedRow(`d/${i}`));
        });
        for (const row of mapping.subtree('d' as RelPath)) mapping.delete(row.path);
        assert.deepEqual(mapping.page(null, 10), []);
      }),
    );

    it(
      'lists changes by sequence, and pending and troubled rows',
      withStore((store) => {
        const mapping = store.mapping('web', 'shared');
        const blocked = { code: 'EACCES', message: '', since: 1 };
        mapping.put(storedRow('local', { seq: 0 }));
        mapping.put(storedRow('c', { seq: 1, pending: true }));
        mapping.put(storedRow('b', { seq: 2, pending: true, blocked }));
        mapping.put(storedRow('a', { seq: 3, pending: true }));
        mapping.put({ ...storedRow('x', { seq: 4 }), row: contested(file(1), file(1)) });
        assert.deepEqual(pathsOf(mapping.since(0, 100)), ['c', 'b', 'a', 'x']);
        assert.deepEqual(pathsOf(mapping.since(1, 2)), ['b', 'a']);
        assert.deepEqual(pathsOf(mapping.pending(0, 100)), ['c', 'a']);
        assert.deepEqual(pathsOf(mapping.pending(1, 100)), ['a']);
        assert.deepEqual(pathsOf(mapping.troubled(null, 100)), ['b', 'x']);
        assert.deepEqual(pathsOf(mapping.troubled(null, 1)), ['b']);
        assert.deepEqual(pathsOf(mapping.troubled('b' as RelPath, 100)), ['x']);
        assert.deepEqual(pathsOf(mapping.blocked(null, 100)), ['b']);
        assert.deepEqual(pathsOf(mapping.blocked('b' as RelPath, 100)), []);
      }),
    );

    it(
      'keeps totals as rows come, change and go',
      withStore((store) => {
        const mapping = store.mapping('web', 'shared');
        const blocked = { code: 'EACCES', message: '', since: 1 };
        assert.deepEqual(mapping.totals(), { files: 0, bytes: 0, pending: 0, conflicts: 0, blocked: 0 });
        mapping.put(storedRow('a', { pending: true, blocked }));
        mapping.put({ ...storedRow('b'), row: contested(file(1), { kind: 'absent' }) });
        mapping.put({ ...storedRow('same-content'), row: contested(file(1), { ...file(1), mode: 0 }) });
        mapping.put({
          ...storedRow('gone'),
          applied: { value: { kind: 'absent' }, dots: [], identity: null },
        });
        assert.deepEqual(mapping.totals(), { files: 3, bytes: 30, pending: 1, conflicts: 1, blocked: 1 });
        mapping.put(storedRow('a'));
        mapping.delete('b' as RelPath);
        mapping.delete('unknown' as RelPath);
        assert.deepEqual(mapping.totals(), { files: 2, bytes: 20, pending: 0, conflicts: 0, blocked: 0 });
      }),
    );

    it(
      'keeps mappings apart',
      withStore((store) => {
        const one = store.mapping('web', 'one');
        const two = store.mapping('other', 'one');
        one.put(storedRow('a', { seq: one.nextSeq() }));
        one.setProgress('b', progress(1));
        assert.equal(two.get('a' as RelPath), null);
        assert.equal(two.lastSeq(), 0);
        assert.equal(two.progress('b'), null);
        assert.equal(two.totals().files, 0);
        assert.equal(store.mapping('web', 'one').lastSeq(), 1);
      }),
    );

    it(
      'keeps progress, knowledge and intents',
      withStore((store) => {
        const mapping = store.mapping('web', 'shared');
        mapping.setProgress('b', progress(1));
        mapping.setProgress('b', progress(2));
        assert.deepEqual(mapping.progress('b'), progress(2));
        mapping.setKnowledge(
          new Map([
            ['a#1', 5],
            ['b#1', Number.MAX_SAFE_INTEGER],
          ]),
        );
        mapping.setKnowledge(
          new Map([
            ['a#1', 6],
            ['c#1', 1],
          ]),
        );
        assert.deepEqual(
          mapping.knowledge(),
          new Map([
            ['a#1', 6],
            ['c#1', 1],
          ]),
        );
        const wanted = { value: file(3), dots: [{ actor: 'a#1' as Actor, counter: 7 }] };
        const gone = { value: { kind: 'absent' }, dots: [] } as const;
        const inA = { path: 'a/\xff' as RelPath, backupId: 'x', wanted };
        const inB = { path: 'b' as RelPath, backupId: null, wanted: gone };
        mapping.addIntents(1, [inA, inB]);
        mapping.addIntents(2, [{ ...inB, path: 'c' as RelPath }]);
        assert.equal(mapping.intents().length, 3);
        mapping.deleteIntents(2);
        assert.deepEqual(mapping.intents(), [inA, inB]);
        mapping.deleteAllIntents();
        assert.deepEqual(mapping.intents(), []);
      }),
    );

    it(
      'lists backups, newest first, of one path and of all',
      withStore((store) => {
        const mapping = store.mapping('web', 'shared');
        const all = [
          backup('v3', 'b', 30),
          backup('v2', 'a', 20),
          backup('v1b', 'a', 10),
          backup('v1a', 'a', 10),
        ];
        for (const one of all.toReversed()) mapping.addBackup(one);
        assert.deepEqual([...mapping.backups(null)], all);
        assert.deepEqual([...mapping.backups('a' as RelPath)], all.slice(1));
        for (const { id } of mapping.backups(null)) mapping.deleteBackup(id);
        assert.deepEqual([...mapping.backups(null)], []);
        store.transaction<void>(() => {
          for (let i = 0; i < 1203; i++) mapping.addBackup(backup(`x${i}`, 'many', i));
        });
        assert.equal([...mapping.backups('many' as RelPath)].length, 1203);
        assert.equal([...mapping.backups(null)].length, 1203);
      }),
    );

    it(
      'undoes everything when a transaction throws',
      withStore((store) => {
        const mapping = store.mapping('web', 'shared');
        fill(store, 'kept', 1);
        const before = dump(store);
        assert.throws(
          () =>
            store.transaction<void>(() => {
              fill(store, 'lost', 2);
              throw new Error('stop');
            }),
          /stop/,
        );
        assert.deepEqual(dump(store), before);
        mapping.put(storedRow('after', { seq: mapping.nextSeq(), actor: 'lost#1' }));
        assert.deepEqual(mapping.get('after' as RelPath)?.row.siblings[0]?.dot.actor, 'lost#1');
      }),
    );

    it(
      'undoes a nested transaction alone when only that one throws',
      withStore((store) => {
        fill(store, 'first', 1);
        store.transaction<void>(() => {
          fill(store, 'outer', 2);
          const before = dump(store);
          assert.throws(() =>
            store.transaction<void>(() => {
              store.transaction<void>(() => fill(store, 'inner', 3));
              throw new Error('stop');
            }),
          );
          assert.deepEqual(dump(store), before);
          fill(store, 'later', 4);
        });
        const names = pathsOf(store.mapping('web', 'shared').page(null, 100));
        assert.deepEqual(names, ['first', 'later', 'outer']);
      }),
    );

    it(
      'undoes nested transactions that succeeded when the outer one throws',
      withStore((store) => {
        const before = dump(store);
        assert.throws(() =>
          store.transaction<void>(() => {
            store.transaction<void>(() => fill(store, 'inner', 3));
            throw new Error('stop');
          }),
        );
        assert.deepEqual(dump(store), before);
      }),
    );

    it(
      'returns what the body returns',
      withStore((store) => {
        assert.equal(
          store.transaction<number>(() => store.transaction<number>(() => 5)),
          5,
        );
      }),
    );

    it(
      'keeps values by key, and takes a new table identity',
      withStore((store) => {
        assert.equal(store.get('k'), null);
        store.set('k', 'a');
        store.set('k', 'ä\0b');
        assert.equal(store.get('k'), 'ä\0b');
        const former = store.tableId;
        assert.equal(store.tableId, former);
        store.newTableId();
        assert.notEqual(store.tableId, former);
      }),
    );

    it(
      'lists and prunes events',
      withStore((store) => {
        store.addEvents([event('a', 10), event('c', 30), event('b', 20), event('b2', 20)]);
        assert.deepEqual(
          store.events(0, 10).map((e) => e.path),
          ['a', 'b', 'b2', 'c'],
        );
        assert.deepEqual(
          store.events(20, 10).map((e) => e.path),
          ['b', 'b2', 'c'],
        );
        assert.deepEqual(store.events(0, 2), [event('b2', 20), event('c', 30)]);
        store.pruneEvents(15, 100);
        assert.deepEqual(
          store.events(0, 10).map((e) => e.path),
          ['b', 'b2', 'c'],
        );
        store.pruneEvents(0, 1);
        assert.deepEqual(
          store.events(0, 10).map((e) => e.path),
          ['b2'],
        );
        store.pruneEvents(0, 0);
        assert.deepEqual(store.events(0, 10), []);
      }),
    );
  });
}

/** All that a store holds of the mapping `web/shared` and beside it, as plain data. */
export function dump(store: Store): unknown {
  const mapping = store.mapping('web', 'shared');
  return {
    rows: mapping.page(null, 10_000),
    totals: mapping.totals(),
    lastSeq: mapping.lastSeq(),
    progress: mapping.progress('b'),
    knowledge: mapping.knowledge(),
    intents: mapping.intents(),
    backups: [...mapping.backups(null)],
    events: store.events(0, 10_000),
    value: store.get('value'),
  };
}

/** A row with one sibling, a file of 10 bytes that is also applied. */
export function storedRow(
  path: string,
  options: Partial<Pick<StoredRow, 'seq' | 'pending' | 'blocked' | 'movedFrom'>> & { actor?: string } = {},
): StoredRow {
  const { actor = 'a#1', ...rest } = options;
  const dot = { actor: actor as Actor, counter: 1_700_000_000_000 };
  const value = file(10);
  return {
    path: path as RelPath,
    row: { siblings: [{ dot, value }], context: new Map([[dot.actor, dot.counter]]) },
    seq: 1,
    applied: { value, dots: [dot], identity: '1:2:3' as Identity },
    pending: false,
    blocked: null,
    liveChildren: 0,
    movedFrom: null,
    ...rest,
  };
}

function file(size: number): Value & { kind: 'file' } {
  return {
    kind: 'file',
    sha256: HASH as (Value & { kind: 'file' })['sha256'],
    size,
    mtimeNs: 1_700_000_000_000_000_001n,
    mode: 0o644,
    owner: 'root:root',
  };
}

function contested(one: Value, other: Value): StoredRow['row'] {
  const a = { actor: 'a#1' as Actor, counter: 1 };
  const b = { actor: 'b#1' as Actor, counter: 1 };
  return {
    siblings: [
      { dot: a, value: one },
      { dot: b, value: other },
    ],
    context: new Map([
      [a.actor, 1],
      [b.actor, 1],
    ]),
  };
}

/** Changes everything that a store holds. */
function fill(store: Store, name: string, number: number): void {
  const mapping = store.mapping('web', 'shared');
  mapping.put(storedRow(name, { seq: mapping.nextSeq(), actor: `${name}#1` }));
  mapping.setProgress('b', progress(number));
  mapping.setKnowledge(new Map([[name, number]]));
  mapping.addIntents(number, [
    { path: name as RelPath, backupId: null, wanted: { value: { kind: 'absent' }, dots: [] } },
  ]);
  mapping.addBackup(backup(name, name, number));
  store.addEvents([event(name, number)]);
  store.set('value', name);
}

function progress(number: number) {
  return { theirTable: 't', theirSeq: number, ourTable: 'o', ourSeq: number };
}

function backup(id: string, path: string, time: number): Backup {
  const dots = [{ actor: `${id}#1` as Actor, counter: 5 }];
  return { id, path: path as RelPath, time, value: file(3), dots, node: 'b', reason: 'replaced' };
}

function event(path: string, time: number): AuditEvent {
  return { time, group: 'web', mapping: 'shared', path, what: 'changed', node: 'a', result: 'ok' };
}

function pathsOf(rows: Iterable<StoredRow>): string[] {
  return [...rows].map((row) => row.path);
}

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readdirSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, it } from 'node:test';
import { createInterface } from 'node:readline';
import type { BeliefReader } from '../../../../src/backends/engine/scan/observation.ts';
import type { RelPath } from '../../../../src/backends/engine/core/types.ts';
import { openReader } from '../../../../src/backends/engine/store/reader.ts';
import { migrate } from '../../../../src/backends/engine/store/schema.ts';
import { openStore } from '../../../../src/backends/engine/store/sqlite.ts';
import { storeConformance, storedRow } from '../../../kit/store-conformance.ts';
import { makeTempDir } from '../../../kit/temp-dir.ts';

const STORE = new URL('../../../../src/backends/engine/store/sqlite.ts', import.meta.url).href;
const KIT = new URL('../../../kit/store-conformance.ts', import.meta.url).href;

storeConformance('sqlite', () => openStore(makeTempDir()));

describe('store on disk', () => {
  it('has everything again when it is reopened', () => {
    const dir = makeTempDir();
    const first = openStore(dir);
    const mapping = first.mapping('web', 'shared');
    mapping.put(storedRow('a', { seq: mapping.nextSeq() }));
    const { tableId } = first;
    first.close();
    const second = openStore(dir);
    assert.equal(second.tableId, tableId);
    assert.deepEqual(second.mapping('web', 'shared').get('a' as RelPath), storedRow('a'));
    assert.deepEqual(second.mapping('web', 'shared').totals().files, 1);
    assert.equal(second.mapping('web', 'shared').nextSeq(), 2);
    second.close();
  });

  it('is for its owner only, in a directory that it makes', () => {
    const dir = join(makeTempDir(), 'state');
    const store = openStore(dir);
    store.set('a', 'b');
    assert.equal(statSync(dir).mode & 0o777, 0o700);
    for (const name of readdirSync(dir).filter((name) => name.startsWith('csyncd.db'))) {
      assert.equal(statSync(join(dir, name)).mode & 0o777, 0o600, name);
    }
    store.close();
  });

  it('holds all committed transactions whole and nothing of the one that a kill -9 cut', async () => {
    const dir = makeTempDir();
    const writer = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `
      import { openStore } from '${STORE}';
      import { storedRow } from '${KIT}';
      const store = openStore('${dir}');
      const mapping = store.mapping('web', 'shared');
      const fill = (round) => { for (let i = 0; i < 100; i++) mapping.put(storedRow(round + '/' + i, { seq: mapping.nextSeq() })); };
      for (let round = 0; round < 20; round++) store.transaction(() => fill(round));
      store.transaction(() => { for (let round = 20; ; round++) { fill(round); if (round === 30) console.log('in the middle'); } });
    `,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const lines = createInterface({ input: writer.stdout });
    await once(lines, 'line');
    writer.kill('SIGKILL');
    await once(writer, 'exit');
    const store = openStore(dir);
    const mapping = store.mapping('web', 'shared');
    assert.equal(mapping.page(null, 10_000).length, 2000);
    assert.equal(mapping.totals().files, 2000);
    assert.equal(mapping.lastSeq(), 2000);
    store.close();
  });

  it('refuses a schema that it does not know', () => {
    const dir = makeTempDir();
    openStore(dir).close();
    const database = new DatabaseSync(join(dir, 'csyncd.db'));
    database.exec('PRAGMA user_version = 999');
    database.close();
    assert.throws(() => openStore(dir), { code: 'state-too-new', message: /schema 999/, hint: /later/ });
  });

  it('runs only the schema steps that are missing, each whole or not at all', () => {
    const database = new DatabaseSync(':memory:');
    const one = { number: 1, sql: 'CREATE TABLE a (x)' };
    const two = { number: 2, sql: 'CREATE TABLE b (x); INSERT INTO b VALUES (1)' };
    const bad = { number: 3, sql: 'CREATE TABLE c (x); nonsense' };
    migrate(database, 'file', [one]);
    migrate(database, 'file', [one, two]);
    assert.throws(() => migrate(database, 'file', [one, two, bad]));
    migrate(database, 'file', [one, two, { number: 3, sql: 'CREATE TABLE c (x)' }]);
    assert.deepEqual({ ...database.prepare('SELECT count(*) AS rows FROM b').get() }, { rows: 1 });
    database.close();
  });

  it('says that the database is damaged, and what to do', () => {
    const dir = makeTempDir();
    writeFileSync(join(dir, 'csyncd.db'), 'this is no database at all'.repeat(100));
    assert.throws(() => openStore(dir), { code: 'state-corrupt', hint: /rebuilt/ });
    const damaged = makeTempDir();
    const store = openStore(damaged);
    const mapping = store.mapping('web', 'shared');
    store.transaction<void>(() => {
      for (let i = 0; i < 2000; i++) mapping.put(storedRow(`a/${i}`));
    });
    store.close();
    const file = openSync(join(damaged, 'csyncd.db'), 'r+');
    writeSync(file, Buffer.alloc(200_000, 0xff), 0, 200_000, 65_536);
    const again = openStore(damaged);
    assert.throws(() => again.mapping('web', 'shared').page(null, 5000), { code: 'state-corrupt' });
    again.close();
  });

  it('says that a state directory cannot be made', () => {
    const file = join(makeTempDir(), 'file');
    writeFileSync(file, '');
    assert.throws(() => openStore(join(file, 'state')), { code: 'state-unopenable', hint: /state_dir/ });
  });
});

describe('store on a full disk', () => {
  const dir = makeTempDir();
  after(() => spawnSync('umount', [dir]));

  it('says so, undoes the transaction, and goes on when there is room again', () => {
    assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', dir]).status, 0);
    mkdirSync(join(dir, 'state'));
    const ballast = join(dir, 'ballast');
    writeFileSync(ballast, Buffer.alloc(1_500_000));
    const store = openStore(join(dir, 'state'));
    const mapping = store.mapping('web', 'shared');
    mapping.put(storedRow('kept', { seq: mapping.nextSeq() }));
    const fill = () =>
      store.transaction<void>(() => {
        for (let i = 0; i < 2500; i++)
          mapping.put(storedRow(`lost/${i}`.padEnd(500, 'x'), { seq: mapping.nextSeq() }));
      });
    assert.throws(fill, { code: 'state-full', hint: /Free space/ });
    assert.equal(mapping.totals().files, 1);
    assert.equal(mapping.lastSeq(), 1);
    writeFileSync(ballast, '');
    mapping.put(storedRow('later', { seq: mapping.nextSeq() }));
    assert.deepEqual(
      mapping.since(0, 10).map((row) => row.path),
      ['kept', 'later'],
    );
    store.close();
  });
});

describe('reader for scan workers', () => {
  it('sees what was committed since, with actors that are new', () => {
    const dir = makeTempDir();
    const store = openStore(dir);
    const mapping = store.mapping('web', 'shared');
    const reader = openReader(dir, 'web', 'shared');
    const asBeliefReader: BeliefReader = reader;
    assert.deepEqual([...asBeliefReader.children('d' as RelPath)], []);
    const row = storedRow('d/a', { actor: 'new#1' });
    mapping.put(row);
    assert.deepEqual(reader.get(row.path), { path: row.path, applied: row.applied });
    assert.deepEqual(reader.children('d' as RelPath), [{ path: row.path, applied: row.applied }]);
    store.transaction<void>(() => {
      mapping.delete(row.path);
      assert.equal(reader.children('d' as RelPath).length, 1);
    });
    assert.deepEqual(reader.children('d' as RelPath), []);
    reader.close();
    store.close();
  });

  it('tells the identities in a directory of many names, with directories among them', () => {
    const dir = makeTempDir();
    const store = openStore(dir);
    const mapping = store.mapping('web', 'shared');
    const names = Array.from({ length: 1200 }, (_, index) => `name-${index}`);
    store.transaction<void>(() => {
      for (const [index, name] of names.entries()) {
        mapping.put(storedRow(`d/${name}`));
        for (let below = 0; below < index % 5; below++) mapping.put(storedRow(`d/${name}/${below}/x`));
      }
      mapping.put(storedRow('d.beside'));
    });
    const reader = openReader(dir, 'web', 'shared');
    const identities = reader.identities('d' as RelPath);
    assert.deepEqual([...identities.keys()].sort(), names.toSorted());
    assert.deepEqual(new Set(identities.values()), new Set(['1:2:3']));
    reader.close();
    store.close();
  });

  it('refuses a mapping that the store does not know', () => {
    const dir = makeTempDir();
    openStore(dir).close();
    assert.throws(() => openReader(dir, 'web', 'unknown'), /no mapping/);
  });
});

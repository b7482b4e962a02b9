/** csync2's database as csync2 itself writes it, and in every state that a crash or an administrator leaves it in. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { it } from 'node:test';
import { Table } from '../../../src/backends/csync2/table.ts';
import { CsyncdError } from '../../../src/util/errors.ts';
import { makeTempDir } from '../../kit/temp-dir.ts';
import { ODD_NAMES, Recorder } from './recorder.ts';

const SCHEMA = `CREATE TABLE file (filename, checktxt, UNIQUE (filename) ON CONFLICT REPLACE);
  CREATE TABLE dirty (filename, forced, myname, peername, UNIQUE (filename, peername) ON CONFLICT IGNORE);`;

async function isEmptyTable(table: Table): Promise<void> {
  assert.equal(await table.isEmpty('/r'), true);
  assert.deepEqual(await table.totals('/r'), { entries: 0, files: 0, bytes: 0 });
  assert.equal((await table.owed('/r')).size, 0);
  assert.deepEqual(await table.owedNames('/r', 'b', 10), []);
  assert.equal((await table.peersOwed(['/r/a'])).size, 0);
  assert.equal((await table.texts(['/r/a'])).size, 0);
}

for (const isPrefixed of [false, true]) {
  it(`what is recorded and owed, by odd names${isPrefixed ? ' below a prefix' : ''}`, async () => {
    const recorder = new Recorder({ isPrefixed });
    fs.mkdirSync(recorder.at('d'));
    for (const name of ODD_NAMES) recorder.write(`d/${name}`, '12345');
    fs.symlinkSync(':type=reg:size=7', recorder.at('link'));
    recorder.write('d0', '1');
    recorder.record();
    const table = recorder.table();
    const root = recorder.rootName;
    const files = ODD_NAMES.length;
    assert.deepEqual(await table.totals(root), {
      entries: files + 4,
      files: files + 1,
      bytes: 5 * files + 1,
    });
    assert.deepEqual(await table.totals(recorder.nameOf('d')), {
      entries: files + 1,
      files,
      bytes: 5 * files,
    });
    assert.equal(await table.isEmpty(root), false);
    assert.equal(await table.isEmpty(recorder.nameOf('none')), true);
    assert.equal((await table.owed(root)).size, 0);

    const odd = ODD_NAMES.map((name) => `d/${name}`);
    for (const path of odd) recorder.write(path, '1234567');
    fs.rmSync(recorder.at('d0'));
    recorder.csync2(['-c'], [...odd, 'd0']);
    const owed = { names: files + 1, bytes: 7 * files };
    assert.deepEqual(
      await table.owed(root),
      new Map([
        ['b', owed],
        ['c', owed],
      ]),
    );
    assert.deepEqual(await table.owed(recorder.nameOf('link')), new Map());
    const names = [...odd, 'd0'].map((path) => recorder.nameOf(path));
    assert.deepEqual((await table.owedNames(root, 'b', 1000)).sort(), names.sort());
    assert.equal((await table.owedNames(root, 'c', 3)).length, 3);
    assert.deepEqual(await table.owedNames(root, 'd', 3), []);
    const peers = await table.peersOwed([...names, recorder.nameOf('link')]);
    assert.deepEqual([...peers.keys()].sort(), names);
    for (const those of peers.values()) assert.deepEqual(those, ['b', 'c']);
    table.close();
  });
}

it('counts more than a stretch holds', async () => {
  const file = join(makeTempDir(), 'a.db3');
  const database = new DatabaseSync(file);
  database.exec(SCHEMA);
  database.exec(`WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
    INSERT INTO file SELECT '/r/' || i, 'v1%3Amtime=1%3Atype=reg%3Asize=2' FROM n;
    INSERT INTO dirty SELECT filename, 0, 'a', peer FROM file, (SELECT 'b' AS peer UNION SELECT 'c%3A');`);
  const table = new Table(file);
  assert.deepEqual(await table.totals('/'), { entries: 10_000, files: 10_000, bytes: 20_000 });
  const owed = { names: 10_000, bytes: 20_000 };
  assert.deepEqual(
    await table.owed('/r'),
    new Map([
      ['b', owed],
      ['c:', owed],
    ]),
  );
  assert.equal((await table.owedNames('/r', 'c:', 20_000)).length, 10_000);
  assert.equal((await table.texts(Array.from({ length: 1200 }, (_, i) => `/r/${i}`))).size, 1200);
  database.close();
  table.close();
});

it('a database that is not there (yet), or has no tables, is empty; one that is replaced is read anew', async () => {
  const file = join(makeTempDir(), 'a?b.db3');
  const table = new Table(file);
  await isEmptyTable(table);
  assert.equal(fs.existsSync(file), false, 'csync2 creates it, nobody else');
  fs.writeFileSync(file, '');
  await isEmptyTable(table);
  const make = (name: string): void => {
    const database = new DatabaseSync(`${file}.new`);
    database.exec(`${SCHEMA} INSERT INTO file VALUES ('${name}', 'v1%3Atype=dir')`);
    database.close();
    fs.renameSync(`${file}.new`, file);
  };
  make('/r/one');
  assert.deepEqual(await table.texts(['/r/one', '/r/two']), new Map([['/r/one', 'v1%3Atype=dir']]));
  make('/r/two');
  assert.deepEqual(await table.texts(['/r/one', '/r/two']), new Map([['/r/two', 'v1%3Atype=dir']]));
  fs.rmSync(file);
  await isEmptyTable(table);
  table.close();
});

it('waits while csync2 has the database locked', async () => {
  const recorder = new Recorder();
  recorder.record();
  const table = recorder.table();
  const writer = new DatabaseSync(recorder.databaseFile);
  writer.exec('BEGIN EXCLUSIVE');
  const reading = table.isEmpty(recorder.rootName);
  // It answers other callers meanwhile, and the lock goes.
  setTimeout(() => writer.exec('COMMIT'), 50);
  assert.equal(await reading, false);
  const before = await table.version();
  writer.exec('DELETE FROM file');
  assert.notEqual(await table.version(), before);
  assert.equal(await table.isEmpty(recorder.rootName), true);
  writer.close();
  table.close();
});

it('writes nothing, and undoes what a killed csync2 left half written', async () => {
  const dir = makeTempDir();
  const file = join(dir, 'a.db3');
  const writer = new DatabaseSync(file);
  writer.exec(`${SCHEMA} INSERT INTO file VALUES ('/r/kept', 'v1%3Atype=dir'); PRAGMA cache_size = 1; BEGIN`);
  const insert = writer.prepare('INSERT INTO file VALUES (?, ?)');
  for (let i = 0; i < 5000; i++) insert.run(`/r/lost ${i}`, 'x'.repeat(100));
  // As a kill leaves it: pages of the transaction are in the file, and the journal beside it.
  const killed = join(dir, 'killed.db3');
  fs.copyFileSync(file, killed);
  fs.copyFileSync(`${file}-journal`, `${killed}-journal`);
  writer.close();
  const table = new Table(killed);
  assert.deepEqual(await table.totals('/r'), { entries: 1, files: 0, bytes: 0 });
  assert.equal(fs.existsSync(`${killed}-journal`), false);
  table.close();
});

it('a damaged database is an error that says what to do', async () => {
  const file = join(makeTempDir(), 'a.db3');
  for (const content of ['no database at all, just text '.repeat(100), damaged()]) {
    fs.rmSync(file, { force: true });
    fs.writeFileSync(file, content);
    const table = new Table(file);
    await assert.rejects(table.totals('/r'), (error: unknown) => {
      assert.ok(error instanceof CsyncdError);
      assert.equal(error.code, 'csync2-database-corrupt');
      assert.ok(error.message.includes(file));
      assert.match(error.hint ?? '', /move the file away/);
      return true;
    });
    table.close();
  }
});

function damaged(): Buffer {
  const file = join(makeTempDir(), 'a.db3');
  const database = new DatabaseSync(file);
  database.exec(`${SCHEMA} BEGIN`);
  const insert = database.prepare('INSERT INTO file VALUES (?, ?)');
  for (let i = 0; i < 2000; i++) insert.run(`/r/${i}`, 'x'.repeat(100));
  database.exec('COMMIT');
  database.close();
  const bytes = fs.readFileSync(file);
  return bytes.fill(0xff, 8192);
}

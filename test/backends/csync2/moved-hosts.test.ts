import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { followHosts } from '../../../src/backends/csync2/moved-hosts.ts';
import { CsyncdError } from '../../../src/util/errors.ts';
import { makeTempDir } from '../../kit/temp-dir.ts';

const SCHEMA = `CREATE TABLE dirty (filename, forced, myname, peername, UNIQUE (filename, peername) ON CONFLICT IGNORE);
  CREATE TABLE x509_cert (peername, certdata, UNIQUE (peername) ON CONFLICT IGNORE);`;

/** This node is `a`. */
class Kept {
  readonly dir = makeTempDir();
  readonly #notes = new Map<string, string>();

  file(host: string): string {
    return join(this.dir, `${host}.db3`);
  }

  create(host: string, owed: Readonly<Record<string, readonly string[]>>): void {
    const database = new DatabaseSync(this.file(host));
    database.exec(SCHEMA);
    for (const [peer, names] of Object.entries(owed)) {
      database.prepare('INSERT INTO x509_cert VALUES (?, ?)').run(peer, `certificate of ${peer}`);
      for (const name of names)
        database.prepare('INSERT INTO dirty VALUES (?, 0, ?, ?)').run(name, host, peer);
    }
    database.close();
  }

  follow(hosts: Readonly<Record<string, string>>, longestMs?: number): Promise<void> {
    const notes = {
      get: (key: string) => this.#notes.get(key) ?? null,
      set: (key: string, value: string) => void this.#notes.set(key, value),
    };
    const others = Object.entries(hosts).flatMap(([node, host]) => (node === 'a' ? [] : [{ node, host }]));
    const group = { group: { name: 'g' }, node: 'a', local: { host: hosts['a'] ?? '' }, others };
    return followHosts(group, { databaseDir: this.dir, configName: null }, notes, longestMs);
  }

  owed(host: string): string[] {
    return this.#lines(host, 'SELECT filename, myname, peername FROM dirty ORDER BY filename, peername');
  }

  pins(host: string): string[] {
    return this.#lines(host, 'SELECT peername, certdata FROM x509_cert ORDER BY peername');
  }

  #lines(host: string, sql: string): string[] {
    const database = new DatabaseSync(this.file(host));
    const rows = database.prepare(sql).all();
    database.close();
    return rows.map((row) => Object.values(row).join(' '));
  }
}

it('what is owed follows a peer to its new address, and goes with one that left the group', async () => {
  const kept = new Kept();
  await kept.follow({ a: '10.0.0.1', b: '10.0.0.2', c: '10.0.0.3' });
  kept.create('10.0.0.1', { '10.0.0.2': ['/f', '/g'], '10.0.0.3': ['/f'] });
  await kept.follow({ a: '10.0.0.1', b: '10.0.0.20' });
  assert.deepEqual(kept.owed('10.0.0.1'), ['/f 10.0.0.1 10.0.0.20', '/g 10.0.0.1 10.0.0.20']);
  assert.ok(kept.pins('10.0.0.1').includes('10.0.0.20 certificate of 10.0.0.2'));
});

it('two peers that swapped their addresses', async () => {
  const kept = new Kept();
  await kept.follow({ a: '10.0.0.1', b: '10.0.0.2', c: '10.0.0.3' });
  kept.create('10.0.0.1', { '10.0.0.2': ['/to-b'], '10.0.0.3': ['/to-c'] });
  await kept.follow({ a: '10.0.0.1', b: '10.0.0.3', c: '10.0.0.2' });
  assert.deepEqual(kept.owed('10.0.0.1'), ['/to-b 10.0.0.1 10.0.0.3', '/to-c 10.0.0.1 10.0.0.2']);
});

it('a node whose own address changed keeps its database, with the journal of a killed csync2', async () => {
  const kept = new Kept();
  await kept.follow({ a: '10.0.0.1', b: '10.0.0.2' });
  kept.create('10.0.0.1', { '10.0.0.2': ['/f'] });
  fs.writeFileSync(`${kept.file('10.0.0.1')}-journal`, '');
  await kept.follow({ a: '10.0.0.9', b: '10.0.0.2' });
  assert.deepEqual(fs.readdirSync(kept.dir), ['10.0.0.9.db3']);
  assert.deepEqual(kept.owed('10.0.0.9'), ['/f 10.0.0.9 10.0.0.2']);
});

it('a database that somebody has locked stays as it is until it is free, and then follows', async () => {
  const kept = new Kept();
  const [before, after] = [
    { a: '10.0.0.1', b: '10.0.0.2', c: '10.0.0.3' },
    { a: '10.0.0.9', b: '10.0.0.3', c: '10.0.0.2' },
  ];
  await kept.follow(before);
  kept.create('10.0.0.1', { '10.0.0.2': ['/to-b'], '10.0.0.3': ['/to-c'] });
  const other = new DatabaseSync(kept.file('10.0.0.1'));
  other.exec(`BEGIN IMMEDIATE; INSERT INTO dirty VALUES ('/late', 0, '10.0.0.1', '10.0.0.2')`);
  await assert.rejects(kept.follow(after, 50), (error) => {
    return error instanceof CsyncdError && error.code === 'csync2-busy';
  });
  assert.ok(!fs.existsSync(kept.file('10.0.0.9')));
  assert.deepEqual(kept.owed('10.0.0.1'), ['/to-b 10.0.0.1 10.0.0.2', '/to-c 10.0.0.1 10.0.0.3']);
  const followed = kept.follow(after);
  await setImmediate();
  other.exec('COMMIT');
  await followed;
  assert.deepEqual(fs.readdirSync(kept.dir), ['10.0.0.9.db3']);
  assert.deepEqual(kept.owed('10.0.0.9'), [
    '/late 10.0.0.9 10.0.0.3',
    '/to-b 10.0.0.9 10.0.0.3',
    '/to-c 10.0.0.9 10.0.0.2',
  ]);
  other.close();
});

it('no database, one without tables, and a damaged one', async () => {
  const kept = new Kept();
  await kept.follow({ a: '10.0.0.1', b: '10.0.0.2' });
  assert.deepEqual(fs.readdirSync(kept.dir), []);
  new DatabaseSync(kept.file('10.0.0.1')).close();
  await kept.follow({ a: '10.0.0.1', b: '10.0.0.3' });
  fs.writeFileSync(kept.file('10.0.0.1'), 'x'.repeat(5000));
  await assert.rejects(kept.follow({ a: '10.0.0.1', b: '10.0.0.2' }), (error) => {
    return error instanceof CsyncdError && error.code === 'csync2-database-corrupt';
  });
});

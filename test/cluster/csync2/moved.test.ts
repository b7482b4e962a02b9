/** A node whose address changes while somebody else has its database locked. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { until } from '../../kit/cluster.ts';
import { csync2Cluster } from '../../kit/csync2/cluster.ts';
import { moveTo, reload } from '../../kit/csync2/config.ts';

const NEW = '10.77.0.33';

test('a node moves while its database is locked', async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b'] });
  const { a, b } = made.nodes;
  const databaseOf = (address: string): string => join(a.place.stateDir, 'csync2', 'web', `${address}.db3`);
  for (const name of ['kept', 'gone', 'edited']) a.put(name, 'x');
  await made.converged();
  await made.settled();
  await b.stop();
  a.remove('gone');
  a.put('edited', 'while b was away');
  await until('a owes it', async () => {
    return ((await a.status())?.groups['web']?.peers['b']?.pending_files ?? 0) === 2;
  });
  await a.stop();
  const somebody = new DatabaseSync(databaseOf(made.address('a')));
  somebody.exec('BEGIN IMMEDIATE');
  await a.run('ip', 'address', 'add', `${NEW}/24`, 'dev', 'eth0');
  await a.run('ip', 'address', 'delete', `${made.address('a')}/24`, 'dev', 'eth0');
  await a.run('ip', 'address', 'add', `${NEW}/24`, 'dev', 'eth0').catch(() => null);
  for (const node of made.all) await reload(node, moveTo(NEW, 'a'));
  a.launch();
  b.launch();
  await until('a runs', async () => (await a.status()) !== null);
  assert.ok(!fs.existsSync(databaseOf(NEW)), 'it took the database from whoever uses it');
  somebody.exec('COMMIT');
  somebody.close();
  await until('the database follows', () => fs.existsSync(databaseOf(NEW)));
  await made.converged();
  assert.ok(!b.exists('gone') && !a.exists('gone'));
  assert.equal(b.read('edited'), 'while b was away');
  await made.proveEqual();
});

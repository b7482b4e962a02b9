/** What must never start a csync2 run. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { until } from '../../kit/cluster.ts';
import { csync2Cluster } from '../../kit/csync2/cluster.ts';

const FILES = 150;

test('an unmounted root deletes nothing anywhere, and takes nothing in', async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b'] });
  const { a, b } = made.nodes;
  for (let index = 0; index < 20; index += 1) a.put(`f${index}`, 'x');
  await made.converged();
  await made.settled();
  made.runs();
  const away = `${a.root}.away`;
  fs.renameSync(a.root, away);
  fs.mkdirSync(a.root);
  await until(
    'a waits for its root',
    async () => (await a.status())?.groups['web']?.mappings['shared']?.state === 'missing',
  );
  b.put('meanwhile', 'x');
  await until(
    'b knows that a does not take it',
    async () => ((await b.status())?.groups['web']?.peers['a']?.pending_files ?? 0) > 0,
  );
  assert.deepEqual(fs.readdirSync(a.root), []);
  assert.equal(fs.readdirSync(b.root).filter((name) => name.startsWith('f')).length, 20);
  // The listener is another one, so that no session goes on below the empty directory.
  assert.deepEqual(
    made.runs().filter(({ node, kind }) => node === 'a' && kind !== 'listen'),
    [],
  );

  await t.test('nor does a restart with the empty directory', async () => {
    await a.stop();
    a.launch();
    await until('a says that the root is lost', async () => {
      const state = (await a.status())?.groups['web']?.mappings['shared']?.state;
      return state === 'missing' || state === 'error';
    });
    assert.equal(fs.readdirSync(b.root).filter((name) => name.startsWith('f')).length, 20);
    assert.deepEqual(
      fs.readdirSync(a.root).filter((name) => name !== '.csyncd'),
      [],
    );
  });

  await t.test('and when it is back everything is equal', async () => {
    fs.rmSync(a.root, { recursive: true });
    fs.renameSync(away, a.root);
    await made.converged();
    await made.proveEqual();
  });
});

test('a mass deletion is held until a person decides', async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b'] });
  const { a, b } = made.nodes;
  for (let index = 0; index < FILES; index += 1) a.put(`d/${index}`, 'x');
  await made.converged();
  await made.settled();
  made.runs();
  a.remove('d');
  await until(
    'it is held',
    async () => (await a.status())?.groups['web']?.mappings['shared']?.state === 'held',
  );
  assert.deepEqual(
    made.runs().filter(({ kind }) => kind === 'check' || kind === 'update'),
    [],
  );
  a.put('other', 'x');
  await until('other changes go on', () => b.exists('other'));
  assert.equal(fs.readdirSync(b.path('d')).length, FILES);

  await t.test('also after a restart', async () => {
    await a.restart();
    await until(
      'it is held',
      async () => (await a.status())?.groups['web']?.mappings['shared']?.state === 'held',
    );
    assert.equal(fs.readdirSync(b.path('d')).length, FILES);
  });

  await t.test('approved, it goes out', async () => {
    const approved = await a.cli('approve', 'shared');
    assert.equal(approved.code, 0, approved.stderr);
    await until('it is gone', () => !b.exists('d'));
    await made.converged();
    await made.proveEqual();
  });
});

test("a receiver's edits are reported and not sent, and taken back by revert", async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b', 'c'], hosts: { c: { role: 'receive' } } });
  const { a, b, c } = made.nodes;
  a.put('shared', 'v1');
  b.put('other', 'v1');
  await made.converged();
  await made.settled();
  c.put('shared', 'edited on the receiver');
  c.put('own', 'made on the receiver');
  await until('c reports it', async () => {
    const { stdout } = await c.cli('status', '--json');
    return stdout.includes('shared') && stdout.includes('local-edit');
  });
  a.put('later', 'x');
  await until('what comes after is taken', () => c.read('later') === 'x');
  assert.equal(a.read('shared'), 'v1');
  assert.ok(!a.exists('own') && !b.exists('own'));
  const reverted = await c.cli('revert', 'shared');
  assert.equal(reverted.code, 0, reverted.stderr);
  await until('the edit is taken back', () => c.read('shared') === 'v1' && !c.exists('own'));
  execFileSync('true');
  await made.converged();
});

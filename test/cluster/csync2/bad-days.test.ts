/** What happens to an operator on a bad day: processes killed and frozen, disks full, csync2's database gone or damaged. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { until } from '../../kit/cluster.ts';
import { csync2Cluster, databaseOf } from '../../kit/csync2/cluster.ts';
import {
  countIn,
  csync2Killed,
  daemonsKilled,
  frozenAndCut,
  putMany,
  stateFull,
} from '../../kit/csync2/troubles.ts';

test('the daemon is killed in the middle of 400 files, on either side', (t) =>
  daemonsKilled(t, ['a', 'b'], 400));

test("csync2's processes are killed in the middle of 300 files", (t) =>
  csync2Killed(
    t,
    [
      ['a', '-u'],
      ['b', '-ii'],
    ],
    300,
  ));

test('a peer that is frozen, and one that is cut, in the middle of an update', (t) => frozenAndCut(t, 200));

test('a daemon that is told to stop while an update runs stops within 10 s', async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b'] });
  const { a, b } = made.nodes;
  putMany(a, 'one', 600);
  await until('some are there', () => countIn(b, 'one') > 20);
  const start = performance.now();
  await Promise.all([a.stop(), b.stop()]);
  assert.ok(performance.now() - start < 10_000, `${performance.now() - start} ms`);
  await Promise.all([a.start(), b.start()]);
  await made.converged();
  await made.proveEqual();
});

test('a state directory without room', (t) => stateFull(t, 'old', 300));

test("csync2's database is deleted under a running daemon", async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b'] });
  const { a, b } = made.nodes;
  a.put('dir/first', 'x');
  a.put('gone', 'x');
  await made.converged();
  await made.settled();
  fs.rmSync(databaseOf(a));
  b.put('dir/first', 'edited by b');
  b.remove('gone');
  a.put('from-a', 'x');
  await made.converged();
  assert.equal(a.read('dir/first'), 'edited by b');
  await made.proveEqual();
});

test("csync2's database is damaged", async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b'] });
  const { a, b } = made.nodes;
  putMany(a, 'dir', 50);
  await made.converged();
  await made.settled();
  fs.writeFileSync(databaseOf(a), Buffer.alloc(20_000, 'nonsense'));
  a.put('from-a', 'x');
  b.put('from-b', 'x');
  await until('a says so', async () => {
    const status = await a.cli('status');
    return status.code === 1 && /damaged/.test(status.stdout);
  });
  t.diagnostic((await a.cli('status')).stdout);
  const doctor = await a.cli('doctor');
  t.diagnostic(doctor.stdout);
  assert.match((await a.cli('status')).stdout, /move the file away/);
  await a.stop();
  fs.rmSync(databaseOf(a));
  await a.start();
  await made.converged();
  await made.proveEqual();
});

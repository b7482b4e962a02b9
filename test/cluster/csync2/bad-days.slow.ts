/** What bad-days.test.ts leaves out: thousands of files, and what csyncd waits a minute for. */
import { test } from 'node:test';
import { until } from '../../kit/cluster.ts';
import { csync2Cluster, databaseOf } from '../../kit/csync2/cluster.ts';
import { csync2Killed, daemonsKilled, frozenAndCut, stateFull } from '../../kit/csync2/troubles.ts';

test('the daemon is killed in the middle of 2,000 files, on either side', (t) =>
  daemonsKilled(t, ['a', 'b', 'a'], 2_000));

test("csync2's processes are killed in the middle of 600 files, five times", (t) =>
  csync2Killed(
    t,
    [
      ['a', '-u'],
      ['b', '-ii'],
      ['c', '-ii'],
      ['a', '-u'],
      ['a', '-ii'],
    ],
    600,
  ));

test('a peer that is frozen, and one that is cut, in the middle of 600 files', (t) => frozenAndCut(t, 600));

// What b took in and could not record is a tie of csync2's, which csyncd ends after 30 s.
test('a state directory without room, and 2,000 files in new directories', (t) => stateFull(t, 'new', 2_000));

test('a receiver whose disk is full says so, and goes on when there is room', async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b'], disks: { b: { kind: 'tmpfs', size: '8m' } } });
  const { a, b } = made.nodes;
  a.put('small', 'x');
  await made.converged();
  a.put('big', Buffer.alloc(12_000_000, 'x'));
  a.put('other', 'small as well');
  await until('a shows that b has no room', async () => {
    const { stdout } = await a.cli('status', '--json');
    return /big/.test(stdout) && /[Nn]o space|disk|room/.test(stdout);
  });
  await until('the other is there', () => b.exists('other'));
  a.remove('big');
  await made.converged();
  await made.proveEqual();
});

test("csync2's database is locked by somebody else", async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b'] });
  const { a, b } = made.nodes;
  a.put('first', 'x');
  await made.converged();
  const { DatabaseSync } = await import('node:sqlite');
  const db = new DatabaseSync(databaseOf(a));
  db.exec('BEGIN EXCLUSIVE');
  a.put('from-a', 'x');
  b.put('from-b', 'x');
  await until('a says so', async () => (await a.cli('status')).code === 1);
  t.diagnostic((await a.cli('status')).stdout);
  db.close();
  await made.converged();
  await made.proveEqual();
});

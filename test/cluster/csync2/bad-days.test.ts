/** What happens to an operator on a bad day: processes killed and frozen, disks full, csync2's database gone or damaged. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { until, type ClusterNode } from '../../kit/cluster.ts';
import { csync2Cluster } from '../../kit/csync2/cluster.ts';
import { csync2Processes } from '../../kit/csync2/processes.ts';

const FILES = 2_000;

function putMany(node: ClusterNode, dir: string, from = 0, to = FILES): void {
  node.mkdir(dir);
  for (let at = from; at < to; at += 1) fs.writeFileSync(node.path(`${dir}/${at}`), `${dir} ${at}`);
}

function countIn(node: ClusterNode, dir: string): number {
  return node.exists(dir) ? fs.readdirSync(node.path(dir)).length : 0;
}

test('the daemon is killed in the middle of 2,000 files, on either side', async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b', 'c'] });
  const { a, b } = made.nodes;
  for (const [turn, victim] of [a, b, a].entries()) {
    const dir = `turn-${turn}`;
    putMany(a, dir);
    await until('some are there', () => countIn(b, dir) > 20 + turn * 300);
    await victim.kill9();
    assert.ok(countIn(b, dir) < FILES, 'the kill came too late to say anything');
    victim.launch();
  }
  await made.converged();
  await made.proveEqual();
});

test("csync2's processes are killed in the middle of 2,000 files", async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b', 'c'] });
  const { a, b, c } = made.nodes;
  for (const [turn, [victim, which]] of (
    [
      [a, '-u'],
      [b, '-ii'],
      [c, '-ii'],
      [a, '-u'],
      [a, '-ii'],
    ] as const
  ).entries()) {
    const dir = `turn-${turn}`;
    putMany(a, dir, 0, 600);
    await until('some are there', () => countIn(victim === c ? c : b, dir) > 20);
    for (const pid of csync2Processes(victim, which)) kill(pid, 'SIGKILL');
  }
  await made.converged();
  await made.proveEqual();
});

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended.
  }
}

test('a peer that is frozen, and one that is cut, in the middle of an update', async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b', 'c'] });
  const { a, b, c } = made.nodes;
  const frozen = (): number[] => csync2Processes(c, '-ii');
  putMany(a, 'one', 0, 600);
  await until('some are there', () => countIn(c, 'one') > 20);
  c.signal('SIGSTOP');
  const pids = frozen();
  for (const pid of pids) kill(pid, 'SIGSTOP');
  t.after(() => {
    for (const pid of pids) kill(pid, 'SIGCONT');
  });
  a.put('while frozen', 'x');
  await until('b has it', () => b.exists('while frozen'));
  await made.converged([a, b]);
  a.put('one/5', 'edited while c was frozen');
  await made.converged([a, b]);
  for (const pid of pids) kill(pid, 'SIGCONT');
  c.signal('SIGCONT');
  await made.converged();
  putMany(a, 'two', 0, 600);
  await until('some are there', () => countIn(c, 'two') > 20);
  made.cable('c', 'down');
  a.put('two/5', 'edited while c was cut');
  await made.converged([a, b]);
  made.cable('c', 'up');
  await made.converged();
  await made.proveEqual();
});

test('a daemon that is told to stop while an update runs stops within 10 s', async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b'] });
  const { a, b } = made.nodes;
  putMany(a, 'one');
  await until('some are there', () => countIn(b, 'one') > 20);
  const start = performance.now();
  await Promise.all([a.stop(), b.stop()]);
  assert.ok(performance.now() - start < 10_000, `${performance.now() - start} ms`);
  await Promise.all([a.start(), b.start()]);
  await made.converged();
  await made.proveEqual();
});

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

test('a state directory without room', async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b'], states: { b: { kind: 'tmpfs', size: '48m' } } });
  const { a, b } = made.nodes;
  a.put('first', 'x');
  await made.converged();
  const filler = join(b.place.stateDir, 'filler');
  const file = fs.openSync(filler, 'w');
  try {
    for (;;) fs.writeSync(file, Buffer.alloc(4096));
  } catch {
    // Full: that is what was wanted.
  } finally {
    fs.closeSync(file);
  }
  putMany(a, 'from-a');
  putMany(b, 'from-b');
  await until('somebody says so', async () => (await b.cli('status')).code === 1);
  t.diagnostic((await b.cli('status')).stdout);
  t.diagnostic((await a.cli('status')).stdout);
  fs.rmSync(filler);
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

function databaseOf(node: ClusterNode): string {
  const dir = join(node.place.stateDir, 'csync2', 'web');
  const name = fs.readdirSync(dir).find((one) => one.endsWith('.db3')) ?? '';
  return join(dir, name);
}

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
  putMany(a, 'dir', 0, 50);
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

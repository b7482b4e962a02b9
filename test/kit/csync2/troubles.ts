/** What goes in the middle of an update by csync2: daemons, csync2 processes, peers, room. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { until, type ClusterNode } from '../cluster.ts';
import { csync2Cluster } from './cluster.ts';
import { csync2Processes } from './processes.ts';
import { fillUp } from '../full-disk.ts';

type Name = 'a' | 'b' | 'c';
/** Their runs of `csync2 -u`, or their listeners and what these started. */
type Which = '-u' | '-ii';

/** Small files, named by their numbers. */
export function putMany(node: ClusterNode, dir: string, files: number): void {
  node.mkdir(dir);
  for (let at = 0; at < files; at += 1) fs.writeFileSync(node.path(`${dir}/${at}`), `${dir} ${at}`);
}

/** How many entries there are; none while the directory is not there. */
export function countIn(node: ClusterNode, dir: string): number {
  return node.exists(dir) ? fs.readdirSync(node.path(dir)).length : 0;
}

/** Kills these daemons one after the other, each while a sends many files. */
export async function daemonsKilled(t: TestContext, victims: readonly Name[], files: number): Promise<void> {
  const made = await csync2Cluster(t, { nodes: ['a', 'b', 'c'] });
  const { a, b } = made.nodes;
  for (const [turn, name] of victims.entries()) {
    const victim = made.nodes[name];
    const dir = `turn-${turn}`;
    putMany(a, dir, files);
    await until('some are there', () => countIn(b, dir) > 20 + (turn * files) / 7);
    await victim.kill9();
    assert.ok(countIn(b, dir) < files, 'the kill came too late to say anything');
    victim.launch();
  }
  await made.converged();
  await made.proveEqual();
}

/** Kills csync2 processes of these nodes one after the other, each while a sends many files. */
export async function csync2Killed(
  t: TestContext,
  victims: readonly (readonly [Name, Which])[],
  files: number,
): Promise<void> {
  const made = await csync2Cluster(t, { nodes: ['a', 'b', 'c'] });
  const { a, b, c } = made.nodes;
  for (const [turn, [name, which]] of victims.entries()) {
    const dir = `turn-${turn}`;
    putMany(a, dir, files);
    await until('some are there', () => countIn(name === 'c' ? c : b, dir) > 20);
    for (const pid of csync2Processes(made.nodes[name], which)) kill(pid, 'SIGKILL');
  }
  await made.converged();
  await made.proveEqual();
}

/** Freezes c with its csync2 while a sends many files, and later pulls its cable. */
export async function frozenAndCut(t: TestContext, files: number): Promise<void> {
  const made = await csync2Cluster(t, { nodes: ['a', 'b', 'c'] });
  const { a, b, c } = made.nodes;
  const frozen = (): number[] => csync2Processes(c, '-ii');
  putMany(a, 'one', files);
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
  putMany(a, 'two', files);
  await until('some are there', () => countIn(c, 'two') > 20);
  made.cable('c', 'down');
  a.put('two/5', 'edited while c was cut');
  await made.converged([a, b]);
  made.cable('c', 'up');
  await made.converged();
  await made.proveEqual();
}

/** b's state directory fills up, and both nodes write files below directories that are there already or are new. */
export async function stateFull(t: TestContext, dirs: 'old' | 'new', files: number): Promise<void> {
  const made = await csync2Cluster(t, { nodes: ['a', 'b'], states: { b: { kind: 'tmpfs', size: '48m' } } });
  const { a, b } = made.nodes;
  a.put('first', 'x');
  if (dirs === 'old') for (const dir of ['from-a', 'from-b']) a.mkdir(dir);
  await made.converged();
  const filler = join(b.place.stateDir, 'filler');
  fillUp(filler);
  putMany(a, 'from-a', files);
  putMany(b, 'from-b', files);
  await until('somebody says so', async () => (await b.cli('status')).code === 1);
  t.diagnostic((await b.cli('status')).stdout);
  t.diagnostic((await a.cli('status')).stdout);
  fs.rmSync(filler);
  await made.converged();
  await made.proveEqual();
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended.
  }
}

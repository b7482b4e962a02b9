/** Random changes on three nodes that csync2 serves, with kills and cuts in between: in the end all are equal. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { until, type ClusterNode } from '../../kit/cluster.ts';
import { csync2Cluster, type Csync2Cluster } from '../../kit/csync2/cluster.ts';

const SEED = Number(process.env['CSYNCD_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));
const ROUNDS = 6;
const CHANGES = 250;
const SHARED = 12;

/** mulberry32 */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

type Random = (below: number) => number;

/** Everything below a directory of one's own, so that no two nodes change the same file. */
function changeOwn(node: ClusterNode, random: Random): void {
  const dir = `${node.name}/${random(6)}`;
  const name = `${dir}/${random(40)}`;
  const other = `${node.name}/${random(6)}/${random(40)}`;
  node.mkdir(dir);
  switch (random(10)) {
    case 0:
    case 1:
    case 2:
    case 3:
      if (isLink(node, name)) node.remove(name);
      if (isDirectory(node, name)) return node.put(`${name}/in`, content(random));
      return node.put(name, content(random));
    case 4:
      if (node.exists(name)) node.remove(name);
      return;
    case 5:
      if (node.exists(name) && !node.exists(other)) {
        node.mkdir(other.slice(0, other.lastIndexOf('/')));
        node.rename(name, other);
      }
      return;
    case 6:
      if (node.exists(name) && !isLink(node, name))
        fs.chmodSync(node.path(name), [0o644, 0o600, 0o755][random(3)] ?? 0o700);
      return;
    case 7:
      if (!node.exists(name)) node.mkdir(`${name}/sub`);
      return;
    case 8:
      // Always with the same target: a new one csync2 does not notice below a prefix.
      if (!node.exists(name)) node.symlink('target', name);
      return;
    default:
      if (random(8) === 0) {
        const to = `${node.name}/${random(6)}`;
        if (!node.exists(to)) node.rename(dir, to);
        else if (to !== dir) node.remove(dir);
      }
  }
}

function isLink(node: ClusterNode, path: string): boolean {
  return fs.lstatSync(node.path(path), { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

function isDirectory(node: ClusterNode, path: string): boolean {
  return fs.statSync(node.path(path), { throwIfNoEntry: false })?.isDirectory() === true;
}

function content(random: Random): string {
  return `${random(2 ** 30)}`.repeat(1 + random(50));
}

type Trio = Csync2Cluster<'a' | 'b' | 'c'>;

/** What goes wrong in a round; the result mends it. */
async function disturb(made: Trio, random: Random): Promise<() => Promise<void>> {
  const node = made.all[random(3)] ?? made.nodes.a;
  const name = node.name as 'a' | 'b' | 'c';
  const other = made.all[(made.all.indexOf(node) + 1) % 3]?.name as 'a' | 'b' | 'c';
  switch (random(4)) {
    case 0:
      await node.kill9();
      return async () => node.launch();
    case 1:
      made.cut(name, other);
      return async () => made.heal(name, other);
    case 2:
      made.cable(name, 'down');
      return async () => made.cable(name, 'up');
    default:
      await node.stop();
      return async () => node.launch();
  }
}

test(`churn on three nodes, each in directories of its own (CSYNCD_SEED=${SEED})`, async (t) => {
  const random = randomOf(SEED);
  const made = await csync2Cluster(t, {
    nodes: ['a', 'b', 'c'],
    mapping: { max_delete: '100%' },
  });
  for (let round = 0; round < ROUNDS; round += 1) {
    let mend = async (): Promise<void> => undefined;
    const at = random(CHANGES / 2);
    const mendAt = at + random(CHANGES / 2);
    for (let change = 0; change < CHANGES; change += 1) {
      if (change === at) mend = await disturb(made, random);
      if (change === mendAt) await mend();
      const node = made.all[random(3)] ?? made.nodes.a;
      changeOwn(node, random);
      // In bursts: what matters is that changes fall into runs that are under way.
      if (random(20) === 0) await pause(random(400));
    }
    if (mendAt >= CHANGES) await mend();
    t.diagnostic(`round ${round}`);
  }
  await made.converged();
  await made.proveEqual();
});

test(`churn on the same files (CSYNCD_SEED=${SEED})`, async (t) => {
  const random = randomOf(SEED + 1);
  const made = await csync2Cluster(t, { nodes: ['a', 'b', 'c'] });
  for (let name = 0; name < SHARED; name += 1) made.nodes.a.put(`f${name}`, 'x');
  await made.converged();
  for (let round = 0; round < ROUNDS; round += 1) {
    const mend = await disturb(made, random);
    for (let change = 0; change < CHANGES / 5; change += 1) {
      const node = made.all[random(3)] ?? made.nodes.a;
      const file = `f${random(SHARED)}`;
      if (random(4) === 0 && node.exists(file)) fs.chmodSync(node.path(file), [0o644, 0o600][random(2)] ?? 0);
      else if (random(12) === 0 && node.exists(file)) node.remove(file);
      else node.put(file, content(random));
      if (random(10) === 0) await pause(random(800));
    }
    await mend();
    t.diagnostic(`round ${round}`);
  }
  // A conflict that csync2 does not end is ended half a minute later.
  await made.converged(made.all, 300_000);
  await made.proveEqual();
  await until('no conflict is left', async () => (await made.nodes.a.cli('conflicts', 'list')).code === 0);
  assert.ok(made.all.every((node) => node.running));
});

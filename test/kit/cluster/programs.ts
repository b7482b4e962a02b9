/** A tree that tar makes, cp copies, rsync mirrors and rm removes, each on another node. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import type { TestContext } from 'node:test';
import type { Cluster, ClusterNode } from '../cluster.ts';

/** @param files how many, ten in each directory */
export async function treeByPrograms(
  t: TestContext,
  made: Cluster<'a' | 'b' | 'c'>,
  files: number,
): Promise<void> {
  const { a, b, c } = made.nodes;
  const dirs = files / 10;

  await t.test(`tar x of ${files} files in ${dirs} directories`, async () => {
    const source = `${a.place.dir}/source`;
    for (let i = 0; i < files; i++) {
      const dir = `${source}/tree/${i % 20}/${i % dirs}`;
      fs.mkdirSync(dir, { recursive: true });
      fs.writeFileSync(`${dir}/file-${i}`, `${i}\n`.repeat(i % 50));
    }
    makeVariety(`${source}/tree`);
    await a.run('tar', 'cf', `${a.place.dir}/tree.tar`, '-C', source, 'tree');
    await b.run('tar', 'xf', `${a.place.dir}/tree.tar`);
    await made.converged();
    const last = files - 1;
    assert.equal(c.read(`tree/${last % 20}/${last % dirs}/file-${last}`), `${last}\n`.repeat(last % 50));
  });

  await t.test('cp -a', async () => {
    await c.run('cp', '-a', 'tree', 'copy');
    await made.converged();
    for (const node of made.all) assert.deepEqual(below(node, 'copy', files), below(c, 'tree', files));
  });

  await t.test('rsync -a --delete', async () => {
    b.remove('tree/3');
    await made.converged();
    await a.run('rsync', '-a', '--delete', 'tree/', 'copy/');
    await made.converged();
    assert.ok(!c.exists('copy/3'));
  });

  await t.test('rm -rf', async () => {
    await c.run('rm', '-rf', 'tree', 'copy');
    await made.converged();
    assert.ok(!a.exists('copy'));
  });
}

/** What `tar` and `cp -a` carry besides plain files. */
function makeVariety(dir: string): void {
  const file = (name: string) => `${dir}/variety/${name}`;
  fs.mkdirSync(file('shared'), { recursive: true });
  for (const name of ['old', 'setuid', 'private', "others'"]) fs.writeFileSync(file(name), name);
  fs.utimesSync(file('old'), 1, 1_000_000_000);
  fs.chownSync(file("others'"), 1, 2);
  fs.chownSync(file('setuid'), 54321, 54321);
  fs.chmodSync(file('setuid'), 0o4755);
  fs.chmodSync(file('private'), 0o400);
  fs.chmodSync(file('shared'), 0o1777);
  fs.symlinkSync('../0/0/file-0', file('inside'));
  fs.symlinkSync('/nowhere', file('dangling'));
  execFileSync('mkfifo', ['-m', '620', file('fifo')]);
}

function below(node: ClusterNode, dir: string, files: number): [string, string][] {
  const tree = [...(node.tree('shared') ?? [])];
  const found = tree.filter(([path]) => path.startsWith(`${dir}/`));
  assert.ok(found.length > files);
  return found.map(([path, what]) => [path.slice(dir.length), what]);
}

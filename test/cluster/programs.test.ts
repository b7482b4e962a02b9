import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { cluster } from '../kit/cluster.ts';
import type { ClusterNode } from '../kit/cluster.ts';

/** How programs save a file. */
const SAVES: Readonly<
  Record<string, (node: ClusterNode, path: string, content: string) => void | Promise<unknown>>
> = {
  'in place, truncated first': (node, path, content) => node.put(path, content),
  'by a temporary and a rename': (node, path, content) => {
    node.put(`${path}.tmp123`, content);
    node.rename(`${path}.tmp123`, path);
  },
  'by a backup and a new file': (node, path, content) => {
    node.rename(path, `${path}~`);
    node.put(path, content);
    node.remove(`${path}~`);
  },
  'in place without truncating': (node, path, content) => {
    const fd = fs.openSync(node.path(path), 'r+');
    fs.writeSync(fd, content);
    fs.ftruncateSync(fd, Buffer.byteLength(content));
    fs.fsyncSync(fd);
    fs.closeSync(fd);
  },
  'removed and created': (node, path, content) => {
    node.remove(path);
    node.put(path, content);
  },
  'by vim, with a backup by renaming': (node, path, content) => vim(node, path, content, 'backupcopy=no'),
  'by vim, in place': (node, path, content) => vim(node, path, content, 'backupcopy=yes'),
  'by sed -i': (node, path, content) => node.run('sed', '-i', `1c\\${content}`, path),
};

function vim(node: ClusterNode, path: string, content: string, option: string): Promise<string> {
  const commands = [`set ${option}`, `%d`, `call setline(1, '${content}')`, 'wq'];
  const flags = commands.flatMap((command) => ['-c', command]);
  return node.run('vim', '-n', '-i', 'NONE', '-u', 'NONE', '-es', ...flags, path);
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

function below(node: ClusterNode, dir: string): [string, string][] {
  const tree = [...(node.tree('shared') ?? [])];
  const found = tree.filter(([path]) => path.startsWith(`${dir}/`));
  assert.ok(found.length > 5000);
  return found.map(([path, what]) => [path.slice(dir.length), what]);
}

test('programs as they are', async (t) => {
  const made = await cluster(t, { nodes: ['a', 'b', 'c'], mapping: { max_delete: '100%' } });
  const { a, b, c } = made.nodes;

  for (const [how, save] of Object.entries(SAVES)) {
    await t.test(`a file is saved ${how}`, async () => {
      a.put('doc', 'first');
      await made.converged();
      await save(b, 'doc', 'second version');
      await made.converged();
      assert.equal(c.read('doc')?.trim(), 'second version');
    });
  }

  await t.test('tar x of 5,000 files in 500 directories', async () => {
    const source = `${a.place.dir}/source`;
    for (let i = 0; i < 5000; i++) {
      const dir = `${source}/tree/${i % 20}/${i % 500}`;
      fs.mkdirSync(dir, { recursive: true });
      fs.writeFileSync(`${dir}/file-${i}`, `${i}\n`.repeat(i % 50));
    }
    makeVariety(`${source}/tree`);
    await a.run('tar', 'cf', `${a.place.dir}/tree.tar`, '-C', source, 'tree');
    await b.run('tar', 'xf', `${a.place.dir}/tree.tar`);
    await made.converged();
    assert.equal(c.read('tree/19/499/file-4999'), '4999\n'.repeat(49));
  });

  await t.test('cp -a', async () => {
    await c.run('cp', '-a', 'tree', 'copy');
    await made.converged();
    for (const node of made.all) assert.deepEqual(below(node, 'copy'), below(c, 'tree'));
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

  await t.test('git checkout back and forth', async () => {
    const git = (...args: string[]) =>
      a.run('git', '-C', 'repo', '-c', 'user.name=x', '-c', 'user.email=x@example.org', ...args);
    a.mkdir('repo');
    await git('init', '-q', '-b', 'one');
    for (let i = 0; i < 300; i++) a.put(`repo/src/${i % 10}/file-${i}`, `one ${i}\n`);
    await git('add', '.');
    await git('commit', '-q', '-m', 'one');
    await git('checkout', '-q', '-b', 'two');
    for (let i = 0; i < 300; i += 2) a.put(`repo/src/${i % 10}/file-${i}`, `two ${i}\n`);
    for (let i = 1; i < 300; i += 6) a.remove(`repo/src/${i % 10}/file-${i}`);
    for (let i = 0; i < 100; i++) a.put(`repo/lib/file-${i}`, `new ${i}\n`);
    await git('add', '.');
    await git('commit', '-q', '-m', 'two');
    await made.converged();
    for (const branch of ['one', 'two', 'one', 'two', 'one']) await git('checkout', '-q', branch);
    await made.converged();
    assert.equal(await b.run('git', '-C', 'repo', 'status', '--porcelain'), '');
    assert.equal(c.read('repo/src/0/file-0'), 'one 0\n');
    await b.run('git', '-C', 'repo', 'checkout', '-q', 'two');
    await made.converged();
    assert.equal(await c.run('git', '-C', 'repo', 'status', '--porcelain'), '');
  });

  await t.test('and all nodes agree that they are equal', () => made.proveEqual());
});

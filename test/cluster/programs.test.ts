import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { cluster } from '../kit/cluster.ts';
import type { ClusterNode } from '../kit/cluster.ts';
import { treeByPrograms } from '../kit/cluster/programs.ts';

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

  await treeByPrograms(t, made, 1000);

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

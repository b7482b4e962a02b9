import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { cluster } from '../kit/cluster.ts';
import type { ClusterNode } from '../kit/cluster.ts';

interface Step {
  readonly what: string;
  readonly change: (node: ClusterNode) => void;
}

const MTIME_S = 1_600_000_000.123456;

/** Each on the tree that the one before left, each on the next node. */
const STEPS: readonly Step[] = [
  { what: 'a file is created', change: (node) => node.put('file', 'one\n') },
  { what: 'a file is edited', change: (node) => node.put('file', 'two\n') },
  { what: 'a file is edited without a change of its size', change: (node) => node.put('file', 'TWO\n') },
  { what: 'a file is appended to', change: (node) => node.append('file', 'three\n') },
  { what: 'a file is truncated', change: (node) => fs.truncateSync(node.path('file'), 2) },
  { what: 'a file is emptied', change: (node) => fs.truncateSync(node.path('file'), 0) },
  { what: 'an empty file is created', change: (node) => node.put('empty', '') },
  { what: 'a mode changes', change: (node) => fs.chmodSync(node.path('file'), 0o600) },
  { what: 'a file becomes setuid', change: (node) => fs.chmodSync(node.path('file'), 0o4755) },
  { what: 'a file becomes unreadable', change: (node) => fs.chmodSync(node.path('file'), 0) },
  { what: 'an owner changes', change: (node) => fs.chownSync(node.path('file'), 1, 2) },
  { what: 'an owner without a name', change: (node) => fs.chownSync(node.path('file'), 54321, 54322) },
  { what: 'a time changes', change: (node) => fs.utimesSync(node.path('file'), 1, MTIME_S) },
  { what: 'a time before 1970', change: (node) => fs.utimesSync(node.path('file'), 1, -1.5) },
  { what: 'a symlink is created', change: (node) => node.symlink('a', 'link') },
  {
    what: 'a symlink gets a target that begins with the old one',
    change: (node) => {
      node.remove('link');
      node.symlink('ab', 'link');
    },
  },
  { what: 'a symlink leads nowhere and outside', change: (node) => node.symlink('/nowhere/\n', 'outside') },
  { what: 'directories are created at once', change: (node) => node.mkdir('d/e/f/g/h') },
  { what: 'a directory changes its mode', change: (node) => fs.chmodSync(node.path('d/e'), 0o1770) },
  { what: 'a directory changes its owner', change: (node) => fs.chownSync(node.path('d/e/f'), 1, 1) },
  { what: 'a file is created far below', change: (node) => node.put('d/e/f/g/h/file', 'deep') },
  { what: 'a file is renamed', change: (node) => node.rename('file', 'renamed') },
  { what: 'a file is renamed into a directory', change: (node) => node.rename('renamed', 'd/e/moved') },
  { what: 'a file is renamed over another', change: (node) => node.rename('d/e/moved', 'empty') },
  { what: 'a directory is renamed', change: (node) => node.rename('d/e', 'e') },
  {
    what: 'two files change places',
    change: (node) => {
      node.rename('empty', 'x');
      node.rename('e/f/g/h/file', 'empty');
      node.rename('x', 'e/f/g/h/file');
    },
  },
  { what: 'a file is deleted', change: (node) => node.remove('empty') },
  { what: 'a tree is deleted', change: (node) => node.remove('e') },
  {
    what: 'a directory takes the place of a file',
    change: (node) => {
      node.put('kind', 'a file');
      node.remove('kind');
      node.put('kind/inside', 'a directory');
    },
  },
  {
    what: 'a file takes the place of a directory',
    change: (node) => {
      node.remove('kind');
      node.put('kind', 'a file again');
    },
  },
  {
    what: 'a symlink takes the place of a file',
    change: (node) => {
      node.remove('kind');
      node.symlink('link', 'kind');
    },
  },
  {
    what: 'all is deleted',
    change: (node) => fs.readdirSync(node.root).forEach((name) => removeShown(node, name)),
  },
];

test('every node is a master: what is done on one is the same on all', async (t) => {
  const made = await cluster(t, { nodes: ['a', 'b', 'c'], mapping: { max_delete: '100%' } });
  for (const [index, { what, change }] of STEPS.entries()) {
    await t.test(what, async () => {
      change(made.all[index % made.all.length] ?? made.nodes.a);
      await made.converged();
    });
  }

  await t.test('a fifo is created', async () => {
    await made.nodes.b.run('mkfifo', '-m', '640', 'fifo');
    await made.converged();
  });

  await t.test('a directory of 2,000 files is created and renamed', async () => {
    const { a, b } = made.nodes;
    for (let i = 0; i < 2000; i++) a.put(`many/sub-${i % 20}/file-${i}`, `content ${i}\n`);
    await made.converged();
    b.rename('many', 'renamed');
    await made.converged();
    assert.ok(!a.exists('many'));
    assert.equal(a.read('renamed/sub-19/file-1999'), 'content 1999\n');
  });

  await t.test('and deleted', async () => {
    await made.nodes.c.run('rm', '-rf', 'renamed');
    await made.converged();
    assert.ok(!made.nodes.a.exists('renamed'));
  });

  await t.test('and all nodes agree that they are equal', () => made.proveEqual());
});

function removeShown(node: ClusterNode, name: string): void {
  if (name !== '.csyncd') node.remove(name);
}

import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cluster, until } from '../kit/cluster.ts';
import type { ClusterNode } from '../kit/cluster.ts';
import { must } from '../kit/cluster/command.ts';

const MAPPINGS = { bad: {}, good: {} };

function goodFile(node: ClusterNode, name: string): string {
  return join(node.place.roots['good'] ?? '', name);
}

/** The other mapping, in both directions. */
async function goodWorks(a: ClusterNode, b: ClusterNode, content: string): Promise<void> {
  fs.writeFileSync(goodFile(a, 'by-a'), content);
  fs.writeFileSync(goodFile(b, 'by-b'), content);
  const has = (node: ClusterNode, name: string) =>
    fs.existsSync(goodFile(node, name)) && fs.readFileSync(goodFile(node, name), 'utf8') === content;
  await until('the good mapping works', () => has(b, 'by-a') && has(a, 'by-b'));
}

/** `status` for people: 1, and a line about the bad mapping. */
async function tells(node: ClusterNode, line: RegExp): Promise<void> {
  let shown = '';
  const look = async () => {
    const { code, stdout } = await node.cli('status');
    shown = stdout;
    return code === 1 && line.test(stdout);
  };
  await until(`${node.name} tells ${line}`, look, { explain: () => shown });
}

test('a full disk: told, nothing half written, others go on, and made up for when there is room', async (t) => {
  const made = await cluster(t, {
    nodes: ['a', 'b'],
    mappings: MAPPINGS,
    before: ({ b }) => void must('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', b.root]),
  });
  const { a, b } = made.nodes;
  a.put('small', 'x');
  await made.converged();
  a.put('large', Buffer.alloc(8 * 1024 * 1024, 'large'));
  for (let i = 0; i < 200; i++) a.put(`many/${i}`, Buffer.alloc(32 * 1024, `${i}`));

  await tells(b, /! bad: .*no space left/);
  const { code, stdout } = await a.cli('sync', '--wait', '--timeout', '2s');
  assert.equal(code, 2);
  assert.match(stdout, /^b \(web\) has not acknowledged:/m);
  assert.ok(!b.exists('large'));
  for (let i = 0; i < 200; i++) {
    if (b.exists(`many/${i}`)) assert.equal(fs.statSync(b.path(`many/${i}`)).size, 32 * 1024);
  }
  await goodWorks(a, b, 'while the disk was full');
  b.remove('small');
  await until('a deletion goes out', () => !a.exists('small'));

  must('mount', ['-o', 'remount,size=64m', b.root]);
  await made.converged();
  assert.ok(b.exists('large'));
  await made.proveEqual();
});

/** The daemon is root, and nevertheless bound to modes and owners: as a hardened unit has it. */
const BOUND = { under: ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] } as const;

test('no permission: told, nothing taken for deleted, others go on, and made up for when there is', async (t) => {
  const made = await cluster(t, { nodes: ['a', 'b'], mappings: MAPPINGS, start: false });
  const { a, b } = made.nodes;
  a.put('private/file', 'old');
  a.put('public/file', 'old');
  await a.start();
  await b.start(BOUND);
  await made.converged();

  await t.test('in a directory', async () => {
    fs.chownSync(a.path('private'), 1, 1);
    fs.chmodSync(a.path('private'), 0o700);
    await made.converged();
    a.put('private/file', 'new');
    a.put('private/more', 'new');
    a.put('public/file', 'new');
    await tells(b, /! bad:private\S*: permission denied/);
    await until('others go on', () => b.read('public/file') === 'new');
    await goodWorks(a, b, 'while a directory was closed');
    await b.stop();
    await b.start(BOUND);
    await tells(b, /! bad:private\S*: permission denied/);
    await goodWorks(a, b, 'after a start with a closed directory');
    assert.equal(a.read('private/file'), 'new');
    fs.chmodSync(b.path('private'), 0o777);
    await made.converged();
    assert.equal(b.read('private/more'), 'new');
  });

  await t.test('to read a file', async () => {
    fs.writeFileSync(b.path('secret'), 'x', { mode: 0o600 });
    fs.chownSync(b.path('secret'), 1, 1);
    await b.cli('sync');
    b.append('secret', 'yz');
    await tells(b, /! bad:secret: permission denied/);
    b.put('beside', 'x');
    await until('others go on', () => a.read('beside') === 'x');
    await goodWorks(a, b, 'while a file was closed');
    fs.chmodSync(b.path('secret'), 0o604);
    await made.converged();
    assert.equal(a.read('secret'), 'xyz');
  });

  await t.test('in the whole mapping', async () => {
    await b.stop();
    const { uid, gid, mode } = fs.statSync(b.root);
    fs.chownSync(b.root, 1, 1);
    fs.chmodSync(b.root, 0o700);
    b.launch(BOUND);
    await tells(b, /! bad: no permission/);
    await goodWorks(a, b, 'while the whole mapping was closed');
    assert.equal(a.read('private/file'), 'new');
    fs.chownSync(b.root, uid, gid);
    fs.chmodSync(b.root, mode & 0o7777);
    await made.converged();
  });

  await t.test('and all nodes agree that they are equal', () => made.proveEqual());
});

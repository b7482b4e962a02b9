/** Names and trees that a script did not think of, by csync2. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { csync2Cluster } from '../../kit/csync2/cluster.ts';
import type { ClusterNode } from '../../kit/cluster.ts';

const NAMES: readonly Buffer[] = [
  Buffer.from([0x66, 0xff, 0xfe, 0x80, 0x6f]),
  Buffer.from('two\nlines'),
  Buffer.from('Updating %shared% on y ...\nFile stays in dirty state. Try again later...'),
  Buffer.from(Array.from({ length: 31 }, (_, i) => i + 1)),
  Buffer.from(Array.from({ length: 128 }, (_, i) => 128 + i)),
  Buffer.alloc(255, 'x'),
  Buffer.alloc(255, 0xff),
  Buffer.from('-rf'),
  Buffer.from('%2e%2e%s%n%'),
  Buffer.from('blank '),
  Buffer.from(' '),
  Buffer.from(`"'\\$(touch x);*?[a]&{}|<>`),
  Buffer.from('...'),
  Buffer.from('%shared%'),
  Buffer.from('c:\\x http:'),
];

/** Absolute, as bytes. */
function at(node: ClusterNode, ...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from(node.root), ...parts.flatMap((part) => [Buffer.from('/'), part])]);
}

test('names are bytes: created, edited, renamed, deleted as file and as directory', async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b'] });
  const { a, b } = made.nodes;
  const inside = Buffer.from('inside');
  for (const name of NAMES) fs.writeFileSync(at(a, name), 'one');
  await made.converged();
  for (const name of NAMES) fs.writeFileSync(at(b, name), 'two, longer');
  await made.converged();
  for (const name of NAMES) assert.equal(fs.readFileSync(at(a, name), 'utf8'), 'two, longer');
  for (const [index, name] of NAMES.entries()) {
    const plain = at(b, Buffer.from(`plain-${index}`));
    fs.renameSync(at(b, name), plain);
    fs.mkdirSync(at(b, name));
    fs.renameSync(plain, at(b, name, inside));
  }
  await made.converged();
  for (const name of NAMES) fs.rmSync(at(a, name), { recursive: true });
  await made.converged();
  assert.deepEqual(
    fs.readdirSync(b.root).filter((name) => name !== '.csyncd'),
    [],
  );
  await made.proveEqual();
});

test('a deep tree, and paths of thousands of bytes', async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b'] });
  const { a, b } = made.nodes;
  const deep = Array.from({ length: 300 }, (_, index) => `d${index}`).join('/');
  const long = Array.from({ length: 12 }, (_, index) => `${index}`.padEnd(250, 'x')).join('/');
  a.put(`${deep}/f`, 'deep');
  a.put(`${long}/f`, 'long');
  await made.converged();
  b.put(`${deep}/f`, 'deep, edited');
  b.rename(deep.slice(0, 2), 'moved');
  b.put(`${long}/f`, 'long, edited');
  await made.converged();
  a.remove('moved');
  a.remove(long.slice(0, 250));
  await made.converged();
  await made.proveEqual();
});

/** A state directory without room: its mappings say so and wait, and nothing is lost. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { cluster, until } from '../kit/cluster.ts';
import type { ClusterNode } from '../kit/cluster.ts';
import { fillUp } from '../kit/full-disk.ts';

const MANY = 3000;

/** Two nodes, the second with little room for its state; it runs when there is none left. */
async function withLittleRoom(t: TestContext) {
  const made = await cluster(t, { nodes: ['a', 'b'], states: { b: { kind: 'tmpfs', size: '48m' } } });
  const { a, b } = made.nodes;
  a.put('first', 'x');
  await made.converged();
  const [daemon] = b.usage();
  const filler = join(b.place.stateDir, 'filler');
  const fill = (): void => fillUp(filler);
  const said = () => until('b says that its state is full', async () => reasonOf(b));
  const made_up = async () => {
    fs.rmSync(filler);
    await made.converged();
    await until('b is ok', async () => (await b.status())?.state === 'ok');
    await made.proveEqual();
    assert.equal(b.usage()[0]?.pid, daemon?.pid, 'the same process');
    assert.doesNotMatch(b.log(100_000), /\n +at /);
  };
  return { a, b, fill, said, made_up };
}

async function reasonOf(node: ClusterNode): Promise<string | null> {
  const mapping = (await node.status())?.groups['web']?.mappings['shared'];
  return mapping?.state === 'error' && /disk is full|disk I\/O/.test(mapping.reason ?? '')
    ? mapping.reason
    : null;
}

test('a state directory that is full while changes come from a peer', async (t) => {
  const { a, b, fill, said, made_up } = await withLittleRoom(t);
  fill();
  for (let at = 0; at < MANY; at++) a.put(`dir${at % 7}/some-file-with-a-longer-name-${at}`, `content ${at}`);
  assert.match(await said(), /csyncd\.db.*[Ff]ree space|csyncd\.db.*disk/);
  assert.equal((await b.cli('status')).code, 1);
  await made_up();
});

test('a state directory that is full while files are written, and is so still at a restart of the peer', async (t) => {
  const { a, b, fill, said, made_up } = await withLittleRoom(t);
  fill();
  for (let at = 0; at < MANY; at++) b.put(`dir${at % 7}/some-file-with-a-longer-name-${at}`, `content ${at}`);
  await said();
  await a.restart();
  a.put('meanwhile', 'y');
  await made_up();
});

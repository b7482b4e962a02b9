/** What a person pauses rests until he resumes it, whatever happens to the daemons meanwhile. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cluster, until } from '../kit/cluster.ts';
import type { ClusterNode } from '../kit/cluster.ts';

const put = (node: ClusterNode, mapping: string, name: string): void =>
  fs.writeFileSync(join(node.place.roots[mapping] ?? '', name), name);
const has = (node: ClusterNode, mapping: string, name: string): boolean =>
  fs.existsSync(join(node.place.roots[mapping] ?? '', name));

async function must(node: ClusterNode, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await node.cli(...args);
  assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
  return stdout;
}

test('pause --peer NODE MAPPING pauses that mapping towards that peer, across restarts of both', async (t) => {
  const made = await cluster(t, { nodes: ['a', 'b', 'c'], mappings: { one: {}, two: {} } });
  const { a, b, c } = made.nodes;
  // Else c would pass on what a does not tell b.
  made.cut('b', 'c');
  assert.match(await must(a, 'pause', '--peer', 'b', 'one'), /paused: one with peer b/);
  const rest = async (round: string) => {
    put(a, 'one', round);
    put(a, 'two', round);
    await until('the other mapping goes on', () => has(b, 'two', round));
    await until('the other peer gets both', () => has(c, 'one', round) && has(c, 'two', round));
    assert.ok(!has(b, 'one', round));
    const here = (await a.status())?.groups['web']?.peers['b'];
    assert.equal(here?.state, 'paused');
    assert.match(here.last_error ?? '', /one/);
    assert.doesNotMatch(here.last_error ?? '', /two/);
    const there = await until('b knows', async () => {
      const peer = (await b.status())?.groups['web']?.peers['a'];
      return peer?.state === 'paused' ? peer : null;
    });
    assert.match(there.last_error ?? '', /one/);
  };
  await rest('first');
  await a.restart();
  await rest('after a restart');
  await b.restart();
  await rest('after a restart of the peer');
  await must(a, 'resume', '--peer', 'b', 'one');
  await made.converged([a, b]);
  made.healAll();
  await made.connected();
  await made.proveEqual();
});

test('pause --peer NODE pauses all mappings towards it; one of them can be resumed', async (t) => {
  const made = await cluster(t, { nodes: ['a', 'b'], mappings: { one: {}, two: {} } });
  const { a, b } = made.nodes;
  await must(a, 'pause', '--peer', 'b');
  const status = (await a.status())?.groups['web']?.peers['b'];
  assert.deepEqual([status?.state, status?.last_error], ['paused', null]);
  await must(a, 'resume', '--peer', 'b', 'two');
  put(a, 'one', 'x');
  put(a, 'two', 'x');
  await until('what is resumed arrives', () => has(b, 'two', 'x'));
  assert.ok(!has(b, 'one', 'x'));
  await must(a, 'resume', '--peer', 'b');
  await made.proveEqual();
});

test('pause MAPPING holds across a stop, a kill and a reload', async (t) => {
  const made = await cluster(t, { nodes: ['a', 'b'], mappings: { one: {}, two: {} } });
  const { a, b } = made.nodes;
  const state = async () => (await a.status())?.groups['web']?.mappings['one']?.state;
  const rests = async (round: string) => {
    assert.equal(await state(), 'paused');
    put(a, 'one', round);
    put(a, 'two', round);
    await until('the other mapping goes on', () => has(b, 'two', round));
    assert.ok(!has(b, 'one', round));
    await until('b knows', async () => /one: paused on a/.test((await b.cli('status')).stdout));
  };
  await must(a, 'pause', 'one');
  await rests('first');
  await a.restart();
  await rests('after a stop');
  await a.kill9();
  await a.start();
  await rests('after a kill');
  const config = fs.readFileSync(a.place.configFile, 'utf8');
  const other = JSON.parse(config) as { groups: { web: { mappings: Record<string, { delay?: string }> } } };
  Object.assign(other.groups.web.mappings['one'] ?? {}, { delay: '50ms' });
  fs.writeFileSync(a.place.configFile, JSON.stringify(other));
  await must(a, 'reload');
  await rests('after a reload');
  await must(a, 'resume', 'one');
  await made.proveEqual();
  await a.restart();
  assert.equal(await state(), 'ok');
});

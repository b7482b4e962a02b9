/** Two groups on each node: two of csync2, and one of csync2 beside one of the engine. One that is broken leaves the other alone. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { until, type ClusterNode } from '../../kit/cluster.ts';
import { csync2Cluster, type Csync2Cluster } from '../../kit/csync2/cluster.ts';
import { rewrite } from '../../kit/csync2/config.ts';

const at = (node: ClusterNode, mapping: string, name: string): string =>
  join(node.place.roots[mapping] ?? '', name);
const put = (node: ClusterNode, mapping: string, name: string): void =>
  fs.writeFileSync(at(node, mapping, name), name);
const has = (node: ClusterNode, mapping: string, name: string): boolean =>
  fs.existsSync(at(node, mapping, name));

/** `one` stays in the group `web`; `two` is of the group `other`, with these keys. */
async function twoGroups(
  t: TestContext,
  keys: Readonly<Record<string, unknown>>,
): Promise<Csync2Cluster<'a' | 'b'>> {
  const made = await csync2Cluster(t, {
    nodes: ['a', 'b'],
    mappings: { one: {}, two: {} },
    group: { csync2: { port: 30866 } },
    start: false,
  });
  for (const node of made.all) {
    rewrite(node, (groups) => {
      const { one = {}, two = {} } = groups.web.mappings;
      const { csync2, ...rest } = groups.web;
      groups['other'] = { ...rest, mappings: { two }, ...keys };
      if (keys['backend'] === 'csync2') groups['other']['csync2'] = { ...(csync2 as object), port: 30867 };
      groups.web.mappings = { one };
    });
  }
  await made.start();
  return made;
}

async function bothExchange(made: Csync2Cluster<'a' | 'b'>): Promise<void> {
  const { a, b } = made.nodes;
  for (const mapping of ['one', 'two']) {
    put(a, mapping, 'from a');
    put(b, mapping, 'from b');
  }
  await made.converged();
  for (const mapping of ['one', 'two']) fs.rmSync(at(b, mapping, 'from a'));
  await made.converged();
  assert.ok(!has(a, 'one', 'from a') && !has(a, 'two', 'from a'));
  await made.proveEqual();
}

let turn = 0;

/** While `broken` is, the other mapping is exchanged as ever. */
async function otherGoesOn(made: Csync2Cluster<'a' | 'b'>, broken: 'one' | 'two'): Promise<void> {
  const { a, b } = made.nodes;
  const whole = broken === 'one' ? 'two' : 'one';
  const name = `while ${broken} is broken, ${++turn}`;
  put(b, broken, name);
  put(a, whole, name);
  put(b, whole, `${name}, from b`);
  await until('the other group goes on', () => has(b, whole, name) && has(a, whole, `${name}, from b`));
  assert.ok(!has(a, broken, name));
}

async function lostRoot(made: Csync2Cluster<'a' | 'b'>, broken: 'one' | 'two'): Promise<void> {
  const { a } = made.nodes;
  const root = at(a, broken, '');
  fs.renameSync(root, `${root.replace(/\/$/, '')}.away`);
  await until('its root is missed', async () => {
    const groups = (await a.status())?.groups ?? {};
    return Object.values(groups).some(({ mappings }) => mappings[broken]?.state === 'missing');
  });
  await otherGoesOn(made, broken);
  fs.renameSync(`${root.replace(/\/$/, '')}.away`, root);
  await made.converged();
}

test('two groups that csync2 serves', async (t) => {
  const made = await twoGroups(t, { backend: 'csync2' });
  const { a } = made.nodes;
  await t.test('both exchange', () => bothExchange(made));
  await t.test('the root of one is gone', () => lostRoot(made, 'two'));
  await t.test('the database of one is damaged', async () => {
    const dir = join(a.place.stateDir, 'csync2', 'web');
    const [database = ''] = fs.readdirSync(dir).filter((name) => name.endsWith('.db3'));
    const whole = fs.readFileSync(join(dir, database));
    await a.stop();
    fs.writeFileSync(join(dir, database), 'no database');
    a.launch();
    await otherGoesOn(made, 'one');
    await a.stop();
    fs.writeFileSync(join(dir, database), whole);
    await a.start();
    await made.converged();
  });
  await t.test('and all are equal', () => made.proveEqual());
});

test('a group that csync2 serves beside one of the engine', async (t) => {
  const made = await twoGroups(t, { backend: 'engine' });
  const { a, b } = made.nodes;
  await t.test('both exchange', () => bothExchange(made));
  await t.test("the engine's root is gone", () => lostRoot(made, 'two'));
  await t.test("csync2's root is gone", () => lostRoot(made, 'one'));
  await t.test('a reload that csync2 cannot follow changes nothing', async () => {
    const { configFile } = a.place;
    const before = fs.readFileSync(configFile);
    rewrite(a, (groups) => {
      delete groups['other'];
      (groups.web['csync2'] as Record<string, unknown>)['binary'] = '/nonexistent/csync2';
    });
    const { code, stderr } = await a.cli('reload');
    assert.equal(code, 78, stderr);
    assert.match(stderr, /nonexistent/);
    fs.writeFileSync(configFile, before);
    put(b, 'two', 'after the reload');
    put(b, 'one', 'after the reload');
    await until('both go on', () => has(a, 'two', 'after the reload') && has(a, 'one', 'after the reload'));
  });
  await t.test('csync2 is not there', async () => {
    let binary: unknown = null;
    const setBinary = (to: unknown): void =>
      rewrite(a, ({ web }) => {
        const csync2 = web['csync2'] as Record<string, unknown>;
        binary ??= csync2['binary'];
        csync2['binary'] = to;
      });
    await a.stop();
    setBinary('/nonexistent/csync2');
    a.launch();
    await otherGoesOn(made, 'one');
    await a.stop();
    setBinary(binary);
    await a.start();
    await made.converged();
  });
  await t.test('and all are equal', () => made.proveEqual());
});

import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cluster, until } from '../kit/cluster.ts';
import type { ClusterNode } from '../kit/cluster.ts';

/** Each kind of fault once: what test/config has in full goes through a daemon's start here. */
function faultsOf(config: string): { what: string; change: string; told: string }[] {
  const put = (before: string, added: string) => config.replace(before, `${added} ${before}`);
  return [
    { what: 'no YAML', change: config.slice(0, -10), told: '' },
    {
      what: 'an unknown key',
      change: config.replace('"state_dir"', '"state_dri"'),
      told: 'state_dri"\\n +did you mean "state_dir"',
    },
    { what: 'an unknown value', change: config.replace('"debug"', '"loud"'), told: 'loud' },
    { what: 'a duration that is none', change: put('"path":', '"delay": "soon",'), told: 'soon' },
    { what: 'a port that is none', change: put('"node":', '"listen": "0.0.0.0:99999",'), told: '99999' },
    { what: 'a relative path', change: config.replace(/"path": "[^"]*"/, '"path": "here"'), told: 'here' },
    { what: 'a node that is no host', change: config.replace('"node": "a"', '"node": "z"'), told: 'z' },
  ];
}

/** What the daemon said at this start and its exit code, when it does not even start. */
async function refusal(node: ClusterNode): Promise<{ code: number | null; log: string }> {
  const before = node.log().length;
  node.launch();
  const { code } = await node.exited();
  return { code, log: node.log().slice(before) };
}

async function mappingOf(node: ClusterNode, mapping: string) {
  return (await node.status())?.groups['web']?.mappings[mapping];
}

test('a daemon that cannot start says why, what to do, and shows no stack', async (t) => {
  const made = await cluster(t, { nodes: ['a', 'b'], start: false });
  const { a, b } = made.nodes;
  const config = fs.readFileSync(a.place.configFile, 'utf8');

  for (const { what, change, told } of faultsOf(config)) {
    await t.test(`${what}: 78, with file, line and column`, async () => {
      fs.writeFileSync(a.place.configFile, change);
      const { code, log } = await refusal(a);
      fs.writeFileSync(a.place.configFile, config);
      assert.equal(code, 78);
      assert.match(log, new RegExp(`csyncd\\.yaml:\\d+:\\d+: .*${told}`));
      assert.doesNotMatch(log, /^\s+at /m);
    });
  }

  await t.test('no config at all: 78', async () => {
    const { code, stderr } = await a.csyncd('run', '--config', join(a.place.dir, 'none.yaml'));
    assert.equal(code, 78);
    assert.match(stderr, /none\.yaml: there is no such file\n +give another/);
  });

  await t.test('a key that others can read: 78', async () => {
    const key = join(a.place.dir, 'web.key');
    fs.chmodSync(key, 0o644);
    const { code, log } = await refusal(a);
    fs.chmodSync(key, 0o600);
    assert.equal(code, 78);
    assert.match(log, /web\.key.*(readable|0600)/s);
  });

  await t.test('a port in use: names it', async () => {
    await a.start();
    const other = JSON.parse(config) as { node: string; state_dir: string; control_socket: string };
    const file = join(b.place.dir, 'second.yaml');
    const second = { ...other, state_dir: join(b.place.dir, 's2'), control_socket: join(b.place.dir, 'c2') };
    fs.writeFileSync(file, JSON.stringify(second));
    const { code, stdout, stderr } = await a.csyncd('run', '--config', file);
    assert.equal(code, 1);
    assert.match(stdout + stderr, /30865/);
    assert.doesNotMatch(stdout + stderr, /^\s+at /m);
  });

  await t.test('a second daemon on the same state directory: refused', async () => {
    const { code, stdout, stderr } = await a.csyncd('run', '--config', a.place.configFile);
    assert.equal(code, 1);
    assert.match(stdout + stderr, /state/);
    assert.notEqual(await a.status(), null);
  });

  await t.test('a command without a daemon: 2', async () => {
    const { code, stderr } = await b.cli('status');
    assert.equal(code, 2);
    assert.doesNotMatch(stderr, /^\s+at /m);
  });
});

const WRONG_ROOTS: Readonly<Record<string, (path: string) => void>> = {
  'not there': () => {},
  'a file': (path) => fs.writeFileSync(path, ''),
  'a symlink': (path) => fs.symlinkSync(`${path}.away`, path),
};

test('one bad mapping leaves the other alone', async (t) => {
  const made = await cluster(t, { nodes: ['a', 'b'], mappings: { bad: {}, good: {} } });
  const { a, b } = made.nodes;
  const bad = b.place.roots['bad'] ?? '';
  const good = (node: ClusterNode) => join(node.place.roots['good'] ?? '', 'file');
  let round = 0;
  const goodWorks = async () => {
    const content = `round ${round++}`;
    fs.writeFileSync(good(a), content);
    await until(
      'the good mapping works',
      () => fs.existsSync(good(b)) && fs.readFileSync(good(b), 'utf8') === content,
    );
  };
  a.put('kept', 'kept');
  await made.converged();

  await t.test('a root that goes away is missing, nothing counts as deleted, and it comes back', async () => {
    fs.renameSync(bad, `${bad}.away`);
    await until('it is missing', async () => (await mappingOf(b, 'bad'))?.state === 'missing');
    assert.equal((await b.cli('status')).code, 1);
    await goodWorks();
    a.put('meanwhile', 'x');
    fs.renameSync(`${bad}.away`, bad);
    await made.converged();
    assert.equal(a.read('kept'), 'kept');
    assert.equal(b.read('meanwhile'), 'x');
  });

  for (const [what, make] of Object.entries(WRONG_ROOTS)) {
    await t.test(`a root that is ${what} when the daemon starts`, async () => {
      await b.stop();
      fs.renameSync(bad, `${bad}.away`);
      make(bad);
      await b.start();
      assert.equal((await mappingOf(b, 'bad'))?.state, 'missing');
      const { code, stdout } = await b.cli('status');
      assert.equal(code, 1);
      assert.match(stdout, /! bad: .*; mount or create/);
      assert.equal((await b.cli('sync', 'bad:')).code, 1);
      assert.equal((await b.cli('sync', 'good:')).code, 0);
      await goodWorks();
      fs.rmSync(bad, { force: true });
      fs.renameSync(`${bad}.away`, bad);
      await made.converged();
      assert.equal(a.read('kept'), 'kept');
    });
  }

  await t.test(
    'a file that may not be changed: told, the others go on, and it is done when it may',
    async () => {
      a.put('fixed', 'old');
      await made.converged();
      await b.run('chattr', '+i', 'fixed');
      a.put('fixed', 'new');
      a.put('beside', 'x');
      await until('the file beside arrives', () => b.read('beside') === 'x');
      await goodWorks();
      await until('b tells', async () => (await b.status())?.state === 'degraded');
      assert.equal(b.read('fixed'), 'old');
      await b.run('chattr', '-i', 'fixed');
      await made.converged();
    },
  );

  await t.test('and all nodes agree that they are equal', () => made.proveEqual());
});

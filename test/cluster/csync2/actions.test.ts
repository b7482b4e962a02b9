/** Actions of a group that csync2 serves: on which node each runs, for which paths, and what a slow one costs. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { until, type ClusterNode } from '../../kit/cluster.ts';
import { csync2Cluster } from '../../kit/csync2/cluster.ts';
import { makeTempDir } from '../../kit/temp-dir.ts';

const FILES = 2_000;

/** Keeps the list of each of its calls: a file a call, put there as a whole. */
const KEEP = 'to="$CSYNCD_TEST_CALLS/$1.$$"; cp "$CSYNCD_PATHS" "$to.new" && mv "$to.new" "$to"';
const keep = (name: string): string[] => ['sh', '-c', KEEP, 'sh', name];

test('actions run on the nodes that they are for, with the paths that they are for', async (t) => {
  const calls = makeTempDir();
  const made = await csync2Cluster(t, {
    nodes: ['a', 'b', 'c'],
    start: false,
    group: {
      actions: [
        { name: 'receiver', pattern: ['*.conf'], exec: keep('receiver') },
        { name: 'origin', pattern: ['*.conf'], exec: keep('origin'), where: 'origin' },
        { name: 'everywhere', pattern: ['*.conf'], exec: keep('everywhere'), where: 'everywhere' },
        { name: 'slow', pattern: ['/slow'], exec: ['sleep', '1000'], timeout: '1s' },
      ],
    },
  });
  const { a, b, c } = made.nodes;
  const dirOf = (node: ClusterNode): string => join(calls, node.name);
  for (const node of made.all) {
    fs.mkdirSync(dirOf(node));
    node.launch({ env: { CSYNCD_TEST_CALLS: dirOf(node) } });
  }
  for (const node of made.all) await node.live();
  await made.connected();
  a.put('first', 'x');
  await made.converged();
  await made.settled();

  /** The paths of each call of an action on a node, below its directory. */
  const callsOf = (node: ClusterNode, action: string): string[][] => {
    const names = fs.readdirSync(dirOf(node)).filter((name) => name.startsWith(`${action}.`));
    return names
      .filter((name) => !name.endsWith('.new'))
      .map((name) =>
        fs
          .readFileSync(join(dirOf(node), name), 'utf8')
          .split('\0')
          .slice(0, -1),
      )
      .map((paths) => paths.map((path) => path.replace(`${node.root}/`, '')));
  };
  /** Each once, however often the action ran for it: csync2 counts no changes. */
  const pathsOf = (node: ClusterNode, action: string): string[] =>
    [...new Set(callsOf(node, action).flat())].sort();
  const forget = (): void => {
    for (const node of made.all) {
      for (const name of fs.readdirSync(dirOf(node))) fs.rmSync(join(dirOf(node), name));
    }
  };
  /** Whoever changes the files has no receiver's action, the others no origin's. */
  const ranFor = async (origin: ClusterNode, paths: readonly string[]): Promise<void> => {
    for (const node of made.all) {
      const expected = [node === origin ? 'origin' : 'receiver', 'everywhere'];
      for (const action of expected) {
        await until(
          `${action} ran on ${node.name} for ${paths.length} paths`,
          () => pathsOf(node, action).length >= paths.length,
          { explain: () => `${pathsOf(node, action).length} paths` },
        );
        assert.deepEqual(pathsOf(node, action), paths, `${action} on ${node.name}`);
      }
      assert.deepEqual(pathsOf(node, node === origin ? 'receiver' : 'origin'), []);
    }
  };

  await t.test('for a change, once on each node', async () => {
    a.put('etc/x.conf', 'x');
    a.put('etc/other', 'x');
    await ranFor(a, ['etc/x.conf']);
    await made.converged();
    const counts = made.all.map((node) => `${node.name} ${callsOf(node, 'everywhere').length}`);
    assert.deepEqual(counts, ['a 1', 'b 1', 'c 1']);
  });

  await t.test('for an edit and a deletion, from another node', async () => {
    forget();
    b.put('etc/x.conf', 'edited, longer');
    await ranFor(b, ['etc/x.conf']);
    await made.settled();
    forget();
    c.remove('etc/x.conf');
    await ranFor(c, ['etc/x.conf']);
    await made.settled();
  });

  await t.test(`for ${FILES} files at once`, async () => {
    forget();
    const names = Array.from(
      { length: FILES },
      (_, at) => `many/a name that is long enough, ${at}.conf`,
    ).sort();
    a.mkdir('many');
    for (const name of names) fs.writeFileSync(a.path(name), 'x');
    await ranFor(a, names);
    await made.converged();
    await made.settled();
  });

  await t.test('one that takes too long is ended and told of, and the files go on', async () => {
    a.put('slow', 'x');
    for (const node of [b, c]) {
      const log = join(node.place.stateDir, 'csync2/web/actions.log');
      const isTold = (): boolean =>
        fs.existsSync(log) && fs.readFileSync(log, 'utf8').includes('longer than 1000 ms');
      await until(`${node.name} has ended it`, isTold);
    }
    a.put('later', 'x');
    await until('the next change arrives', () => b.exists('later') && c.exists('later'));
    assert.equal(fs.readFileSync(join(a.place.stateDir, 'csync2/web/actions.log'), 'utf8'), '');
  });

  await made.proveEqual();
});

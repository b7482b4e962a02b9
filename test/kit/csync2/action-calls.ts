/** A cluster of csync2 whose actions keep the lists of paths that they are called with. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { until, type ClusterNode } from '../cluster.ts';
import { makeTempDir } from '../temp-dir.ts';
import { csync2Cluster, type Csync2Cluster } from './cluster.ts';

/** Keeps the list of each of its calls: a file a call, put there as a whole. */
const KEEP = 'to="$CSYNCD_TEST_CALLS/$1.$$"; cp "$CSYNCD_PATHS" "$to.new" && mv "$to.new" "$to"';
const keep = (name: string): string[] => ['sh', '-c', KEEP, 'sh', name];

export interface ActionsCluster {
  readonly made: Csync2Cluster<'a' | 'b' | 'c'>;
  /** The paths of each call of an action on a node, below its directory. */
  readonly callsOf: (node: ClusterNode, action: string) => string[][];
  /** Forgets all calls so far. */
  readonly forget: () => void;
  /** Waits until the actions of all nodes, and no others, were called for these paths, which one node changed. */
  readonly ranFor: (origin: ClusterNode, paths: readonly string[]) => Promise<void>;
}

export async function actionsCluster(t: TestContext): Promise<ActionsCluster> {
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
  const { a } = made.nodes;
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

  return { made, callsOf, forget, ranFor };
}

/** The actions run for each of many files that come at once. */
export async function ranForMany({ made, forget, ranFor }: ActionsCluster, files: number): Promise<void> {
  const { a } = made.nodes;
  forget();
  const names = Array.from(
    { length: files },
    (_, at) => `many/a name that is long enough, ${at}.conf`,
  ).sort();
  a.mkdir('many');
  for (const name of names) fs.writeFileSync(a.path(name), 'x');
  await ranFor(a, names);
  await made.converged();
  await made.settled();
}

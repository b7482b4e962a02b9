/** Concurrent changes: nodes that are changed while none hears of the others. */
import assert from 'node:assert/strict';
import type { Cluster } from '../cluster.ts';
import type { ClusterNode } from './node.ts';

export type Name = 'a' | 'b' | 'c';
export type Three = Cluster<Name>;

/** Each node apart from the others, changed there in the order given, and together again. */
export async function apart(
  made: Three,
  changes: Readonly<Partial<Record<Name, (node: ClusterNode) => void>>>,
): Promise<void> {
  made.partition(['a'], ['b'], ['c']);
  for (const [name, change] of Object.entries(changes)) {
    const node = made.nodes[name as Name];
    change(node);
    await seen(node);
  }
  made.healAll();
}

/** Returns when the node has taken up what was changed on its disk. */
async function seen(node: ClusterNode): Promise<void> {
  const { code, stderr } = await node.cli('sync');
  assert.equal(code, 0, stderr);
}

export interface Backup {
  readonly path: string;
  readonly version: string;
  readonly size: number;
  /** whose change took its place */
  readonly node: string;
}

export async function backupsOf(node: ClusterNode, path: string): Promise<Backup[]> {
  const { json, code, stderr } = await node.cli('backups', 'list', node.path(path), '--json');
  assert.equal(code, 0, stderr);
  return json as Backup[];
}

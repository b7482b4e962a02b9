/** One provoked conflict: the link is cut, both sides edit, the link comes back; the older edit loses and is kept. */
import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CsyncdError } from '../../util/errors.ts';
import { arrival } from './arrival.ts';
import type { Cluster } from './cluster.ts';
import type { DemoNode } from './node.ts';

const FILE = 'notes.txt';
const OLDER = 'Edited on web1 while it was cut off.\n';
const YOUNGER = 'Edited on web2 a minute later.\n';
const BACKUP_MS = 30_000;

export interface ConflictOutcome {
  readonly winner: string;
  /** ms from the link's return until all held the winner */
  readonly ms: number;
  readonly backup: {
    readonly node: string;
    readonly file: string;
    readonly version: string;
    readonly content: string;
  };
}

export async function provokeConflict({ nodes }: Cluster, signal: AbortSignal): Promise<ConflictOutcome> {
  const [web1, ...others] = nodes;
  const [web2] = others;
  if (web1 === undefined || web2 === undefined)
    throw new CsyncdError('demo', 'the cluster has no three nodes');
  const holding = (text: string) => (root: string) => readFileSync(join(root, FILE), 'utf8') === text;
  write(web1, 'Notes.\n', 120);
  await Promise.all(others.map((node) => arrival(node, holding('Notes.\n'), signal)));

  await setLink(web1, others, 'pause');
  write(web1, OLDER, 60);
  write(web2, YOUNGER, 0);
  await Promise.all(others.map((node) => arrival(node, holding(YOUNGER), signal)));
  // web1's own edit must be taken up before the link returns, or it would not be a conflict but a later edit.
  await web1.client.call('sync', { paths: [], wait: false, timeout_ms: 30_000 }, signal);

  const start = performance.now();
  await setLink(web1, others, 'resume');
  await Promise.all(nodes.map((node) => arrival(node, holding(YOUNGER), signal)));
  return { winner: web2.name, ms: performance.now() - start, backup: await findBackup(nodes, signal) };
}

/** @param age seconds, so that which edit is the younger does not hang on this machine's speed */
function write(node: DemoNode, text: string, age: number): void {
  const path = join(node.root, FILE);
  writeFileSync(path, text);
  const at = Date.now() / 1_000 - age;
  utimesSync(path, at, at);
}

async function setLink(one: DemoNode, others: readonly DemoNode[], what: 'pause' | 'resume'): Promise<void> {
  for (const other of others) {
    await one.client.call(what, { peer: other.name, mapping: null });
    await other.client.call(what, { peer: one.name, mapping: null });
  }
}

async function findBackup(
  nodes: readonly DemoNode[],
  signal: AbortSignal,
): Promise<ConflictOutcome['backup']> {
  const deadline = Date.now() + BACKUP_MS;
  while (Date.now() < deadline) {
    for (const node of nodes) {
      const backups = await node.client.call('backups', { of: { path: `shared:${FILE}` } }, signal);
      for (const { version } of backups) {
        const file = join(node.root, '.csyncd', 'backup', version);
        const content = contentOf(file);
        if (content === OLDER) return { node: node.name, file, version, content };
      }
    }
    await delay(50, undefined, { signal });
  }
  throw new CsyncdError('demo', `no node has the losing version of ${FILE} in its backup`);
}

function contentOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

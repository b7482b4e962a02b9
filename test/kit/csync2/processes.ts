/** The csync2 processes of one node of a cluster. */
import * as fs from 'node:fs';
import type { ClusterNode } from '../cluster.ts';
import { networkOf } from '../cluster/usage.ts';

/**
 * The process ids of the csync2 binaries that run at a node with this option. Told by the network namespace: the nodes
 * of every other test have the same names and addresses.
 */
export function csync2Processes(node: ClusterNode, option: string): number[] {
  const [daemon] = node.usage();
  const network = daemon === undefined ? null : networkOf(daemon.pid);
  if (network === null) throw new Error(`${node.name} does not run`);
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isCsync2(pid, option) && networkOf(pid) === network);
}

function isCsync2(pid: number, option: string): boolean {
  try {
    const args = fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
    return (args[0] ?? '').endsWith('csync2') && args.includes(option);
  } catch {
    return false;
  }
}

/** How long until other nodes hold a change: seen on their disks, not told by their daemons. */
import { setTimeout as delay } from 'node:timers/promises';
import { CsyncdError } from '../../util/errors.ts';
import type { DemoNode } from './node.ts';

const POLL_MS = 2;
const PATIENCE_MS = 60_000;

/**
 * Resolves with the milliseconds since the call; rejects when it takes too long.
 *
 * @param holds looks at a node's directory
 */
export async function arrival(
  node: DemoNode,
  holds: (root: string) => boolean,
  signal: AbortSignal,
): Promise<number> {
  const start = performance.now();
  while (!isTrue(() => holds(node.root))) {
    signal.throwIfAborted();
    node.assertRunning();
    if (performance.now() - start > PATIENCE_MS) {
      throw new CsyncdError('demo', `${node.name} did not get the change in ${PATIENCE_MS / 1_000} s`);
    }
    await delay(POLL_MS);
  }
  return performance.now() - start;
}

// What is not there yet cannot be read.
function isTrue(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}

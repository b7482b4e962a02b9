/**
 * Gives a patch to every directory that the recursive watch does not cover: those that were made while it began, and
 * those whose events it cannot name because their path is not UTF-8.
 */
import { Buffer, isUtf8 } from 'node:buffer';
import type { Coverage } from './coverage.ts';
import type { DirNode } from './directory-index.ts';
import { watchedInodes } from './watched-inodes.ts';

/** A directory that is patched is read, and may show others. */
const ROUNDS = 3;

/** @param patches the inotify descriptors that patches are on */
export async function auditWatches(coverage: Coverage, patches: ReadonlySet<string>): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const watched = watchedInodes(patches);
    if (watched === null) return;
    const blind: DirNode[] = [];
    for (const node of coverage.index.all()) {
      if (node.identity === null || coverage.uncovered.has(node)) continue;
      if (node.patch !== null && !coverage.hasSpare(node)) continue;
      if (watched.has(node.identity) && isText(node)) continue;
      if (node.patch === null) blind.push(node);
      else coverage.rely(node);
    }
    if (blind.length === 0) return;
    for (const node of blind) if (node.alive && coverage.patch(node)) coverage.look(node);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function isText(node: DirNode): boolean {
  for (let at: DirNode | null = node; at !== null; at = at.parent) {
    // oxlint-disable-next-line no-control-regex
    if (/[^\x00-\x7f]/.test(at.name) && !isUtf8(Buffer.from(at.name, 'latin1'))) return false;
  }
  return true;
}

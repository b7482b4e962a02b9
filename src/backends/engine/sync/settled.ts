/** Waiting until peers have on their disks what this node has now: `sync --wait`. */
import type { WaitResult } from '../../backend.ts';
import type { NodeId } from '../core/types.ts';
import type { Seq } from '../store/store.ts';
import type { MappingEngine } from './mapping-engine.ts';
import type { Replica } from './replica.ts';

/** Paths named for a peer that is waited for. */
const NAMED = 20;
/** Rows looked at to find what is waited for. */
const LOOKED_AT = 5000;

/** Resolves when every peer acknowledged, or, incomplete, when the signal fires. */
export async function waitSettled(
  { replica }: Pick<MappingEngine, 'replica'>,
  peers: readonly NodeId[],
  paths: readonly string[] | null,
  signal: AbortSignal,
): Promise<WaitResult> {
  const target = targetOf(replica, paths);
  const behind = (): NodeId[] =>
    peers.filter((peer) => replica.acked(peer) < target || mayHaveFailed(replica, peer, paths));
  await new Promise<void>((resolve) => {
    if (behind().length === 0 || signal.aborted) return resolve();
    const done = (): void => {
      stop();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const stop = replica.onChange(() => {
      if (behind().length === 0) done();
    });
    signal.addEventListener('abort', done, { once: true });
  });
  const waiting = behind().map((peer) => {
    const owed = owedPaths(replica, peer, paths);
    return { peer, count: owed.length, paths: owed.slice(0, NAMED) };
  });
  return { complete: waiting.length === 0, waiting };
}

/** The sequence that must be acknowledged for these paths (byte paths; null = all). With very many rows: all there are. */
function targetOf(replica: Replica, paths: readonly string[] | null): Seq {
  const { rows } = replica.shared;
  if (paths === null || paths.includes('')) return rows.lastSeq();
  let target = 0;
  let looked = 0;
  for (const path of paths) {
    for (const row of rows.subtree(path as Parameters<typeof rows.subtree>[0])) {
      if (++looked > LOOKED_AT) return rows.lastSeq();
      target = Math.max(target, row.seq);
    }
  }
  return target;
}

function owedPaths(replica: Replica, peer: NodeId, paths: readonly string[] | null): string[] {
  const owed = replica.shared.rows.since(replica.acked(peer), 1000).map((row) => row.path);
  const failed = replica.peerFailures(peer).failed.map((one) => one.path);
  return [...new Set([...failed, ...owed])].filter((path) => isBelow(path, paths));
}

/** A peer names only some of its failures: of the others nobody knows where they are. */
function mayHaveFailed(replica: Replica, peer: NodeId, paths: readonly string[] | null): boolean {
  const { failed, count } = replica.peerFailures(peer);
  return count > failed.length || failed.some(({ path }) => isBelow(path, paths));
}

function isBelow(path: string, paths: readonly string[] | null): boolean {
  return (
    paths === null || paths.some((above) => above === '' || path === above || path.startsWith(`${above}/`))
  );
}

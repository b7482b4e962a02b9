/** The versions of paths on the nodes of a group, as far as csync2 knows them. */
import { lstat } from 'node:fs/promises';
import type { ConflictVersion } from '../backend.ts';
import { numberIn } from './checktxt.ts';
import type { GroupRun } from './group-run.ts';
import type { Csync2Mapping } from './mapping.ts';
import type { Other } from './members.ts';

const CONNECT_MS = 5_000;
const ASK_MS = 50;

/**
 * Of each path, this node's version first. One session with each peer, for all paths: a peer that is not reached is waited
 * for once.
 */
export async function versionsOf(
  run: GroupRun,
  mapping: Csync2Mapping,
  paths: readonly string[],
): Promise<ConflictVersion[][]> {
  if (paths.length === 0) return [];
  const names = paths.map((path) => mapping.nameOf(path));
  const asked = run.others.map((other) => versionsAt(run, other, names).catch(() => []));
  const atPeers = await Promise.all(asked);
  const versions: ConflictVersion[][] = [];
  for (const [at, path] of paths.entries()) {
    const own = await ownVersion(run.node, mapping.fileOf(path));
    versions.push([own, ...atPeers.flatMap((there) => there[at] ?? [])]);
  }
  return versions;
}

async function ownVersion(node: string, file: string): Promise<ConflictVersion> {
  const stat = await lstat(Buffer.from(file, 'latin1')).catch(() => null);
  return {
    id: node,
    node,
    time: stat === null ? '' : stat.mtime.toISOString(),
    size: stat?.size ?? 0,
    mode: stat === null ? '' : (stat.mode & 0o7777).toString(8).padStart(4, '0'),
    sha256: null,
    deleted: stat === null,
  };
}

/** What a peer has recorded. Rejects when it cannot be asked for all. */
async function versionsAt(
  run: GroupRun,
  { node, host }: Other,
  names: readonly string[],
): Promise<ConflictVersion[]> {
  const session = await run.local.session(host, AbortSignal.timeout(CONNECT_MS + ASK_MS * names.length));
  try {
    const versions: ConflictVersion[] = [];
    for (const name of names) {
      let text: string | null = null;
      await session.list(run.local.settings.key, name, (_, found) => {
        text = found;
      });
      versions.push(recordedVersion(node, text));
    }
    return versions;
  } finally {
    await session.close();
  }
}

function recordedVersion(node: string, text: string | null): ConflictVersion {
  const field = (key: 'mtime' | 'size' | 'mode'): number => numberIn(text ?? '', key);
  return {
    id: node,
    node,
    time: field('mtime') === 0 ? '' : new Date(field('mtime') * 1000).toISOString(),
    size: field('size'),
    mode: text === null ? '' : (field('mode') & 0o7777).toString(8).padStart(4, '0'),
    sha256: null,
    deleted: text === null,
  };
}

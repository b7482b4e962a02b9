/** The versions of one path on the nodes of a group, as far as csync2 knows them. */
import { lstat } from 'node:fs/promises';
import type { ConflictVersion } from '../backend.ts';
import { numberIn } from './checktxt.ts';
import type { GroupRun } from './group-run.ts';
import type { Csync2Mapping } from './mapping.ts';
import type { Other } from './members.ts';

const ASK_MS = 5_000;

/** This node's version first. */
export async function versionsOf(
  run: GroupRun,
  mapping: Csync2Mapping,
  path: string,
): Promise<ConflictVersion[]> {
  const { node } = run;
  const ours = await lstat(Buffer.from(mapping.fileOf(path), 'latin1')).catch(() => null);
  const own: ConflictVersion = {
    id: node,
    node,
    time: ours === null ? '' : ours.mtime.toISOString(),
    size: ours?.size ?? 0,
    mode: ours === null ? '' : (ours.mode & 0o7777).toString(8).padStart(4, '0'),
    sha256: null,
    deleted: ours === null,
  };
  return [own, ...(await versionsAtPeers(run, mapping, path))];
}

/** What the peers have recorded of a path, of those that are reached. */
async function versionsAtPeers(
  run: GroupRun,
  mapping: Csync2Mapping,
  path: string,
): Promise<ConflictVersion[]> {
  const asked = run.others.map((other) => versionAt(run, other, mapping.nameOf(path)).catch(() => null));
  return (await Promise.all(asked)).filter((version) => version !== null);
}

async function versionAt(run: GroupRun, { node, host }: Other, name: string): Promise<ConflictVersion> {
  const session = await run.local.session(host, AbortSignal.timeout(ASK_MS));
  try {
    let text: string | null = null;
    await session.list(run.local.settings.key, name, (_, found) => {
      text = found;
    });
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
  } finally {
    await session.close();
  }
}

import type { DiskMapping } from '../../disk/pool.ts';

/** What is left of a download is gone on with, as long as its content is still wanted somewhere within a week. */
const KEPT_MS = 7 * 24 * 3600 * 1000;

/** Removes what is left of downloads that nobody went on with. Rejects as the disk does. */
export async function removeLeftovers(
  disk: Pick<DiskMapping, 'listTemps' | 'removeTemp'>,
  nowMs: number,
): Promise<void> {
  for (const { name, changedNs } of await disk.listTemps())
    if (nowMs - Number(changedNs / 1_000_000n) > KEPT_MS) await disk.removeTemp(name);
}

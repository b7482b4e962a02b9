/** Reads what a request for small files asks for. */
import type { RelPath, Sha256 } from '../../core/types.ts';
import type { Wanted } from '../../disk/operations.ts';
import type { Located } from '../content-transfer.ts';
import type { ContentDisk } from './content-disk.ts';

export interface SmallFile {
  readonly path: RelPath;
  readonly sha256: Sha256;
  readonly size: number;
}

/** In the order asked for; null for what is not here, was changed, or is larger than it was said to be. */
export async function readSmallFiles(
  disk: ContentDisk,
  files: readonly SmallFile[],
  locate: (file: SmallFile) => Located | null,
): Promise<(Uint8Array | null)[]> {
  const contents: (Uint8Array | null)[] = files.map(() => null);
  const wanted: Wanted[] = [];
  const places: number[] = [];
  for (const [n, file] of files.entries()) {
    const located = locate(file);
    if (located?.kind === 'bytes') contents[n] = located.bytes;
    if (located?.kind === 'backup') contents[n] = await readBackup(disk, located.id, file.size);
    if (located?.kind !== 'path') continue;
    wanted.push({ path: located.path, identity: located.identity, sha256: file.sha256 });
    places.push(n);
  }
  const read = wanted.length === 0 ? [] : await disk.readSmall(wanted);
  for (const [n, place] of places.entries()) contents[place] = read[n] ?? null;
  return contents.map((bytes, n) => (bytes?.length === files[n]?.size ? bytes : null));
}

async function readBackup(disk: ContentDisk, id: string, size: number): Promise<Uint8Array | null> {
  try {
    const file = await disk.openBackup(id);
    if (file === null) return null;
    try {
      return await file.readAt(0, size);
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}

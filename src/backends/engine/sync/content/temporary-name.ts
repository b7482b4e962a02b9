/** What a download is called in `.csyncd/tmp`. */
import { hash } from 'node:crypto';
import { DOWNLOAD_PREFIX } from '../../apply/recover.ts';
import type { RelPath, Sha256 } from '../../core/types.ts';

/** The same for each try, so that a later one goes on; of the path too, since two files may have the same content. */
export function temporaryName({ path, sha256 }: { readonly path: RelPath; readonly sha256: Sha256 }): string {
  return `${DOWNLOAD_PREFIX}${hash('sha256', path, 'hex').slice(0, 16)}-${sha256.slice(0, 32)}`;
}

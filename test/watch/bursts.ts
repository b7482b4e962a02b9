import { chmodSync, writeFileSync } from 'node:fs';
import { watching } from './follower.ts';
import { makeTree } from './make-tree.ts';

/** New files in 20 directories, then changes in place, which no mtime of a directory shows. */
export async function bursts(files: number): Promise<void> {
  const each = (root: string, write: (file: string) => void): void => {
    for (let f = 0; f < files; f += 1) write(`${root}/d${f % 20}/sub/f${f}`);
  };
  await watching(
    async (follower, root) => {
      each(root, (file) => writeFileSync(file, ''));
      await follower.converged();
      each(root, (file) => writeFileSync(file, 'changed in place'));
      await follower.converged();
      each(root, (file) => chmodSync(file, 0o600));
      await follower.converged();
    },
    (root) => makeTree(root, 20, 0),
  );
}

/** Excluded directories near the root, to be kept out of the recursive watch, which knows no rules. */
import { below } from './directory-index.ts';
import { readNames } from './disk.ts';

/** Each is compared with each event's path: only those that save many watches are worth it. */
const DEPTH = 3;
const MOST = 100;

/** Byte paths below the root. */
export function excludedDirectories(root: string, enters: (path: string) => boolean): string[] {
  const found: string[] = [];
  const search = (dir: string, depth: number): void => {
    const names = readNames(dir === '' ? root : `${root}/${dir}`);
    if (names.kind === 'failed') return;
    for (const name of names.directories) {
      if (found.length >= MOST) return;
      const path = below(dir, name);
      if (!enters(path)) found.push(path);
      else if (depth < DEPTH) search(path, depth + 1);
    }
  };
  search('', 1);
  return found;
}

/**
 * Whether the directory at the root's path is the mapping's. A root that is missing, was replaced, unmounted or mounted
 * over looks empty, and must not be taken for one whose files were deleted.
 */
import { Buffer } from 'node:buffer';
import { readFileSync, realpathSync } from 'node:fs';
import { sameDirectory, type DirIdentity } from './directory-index.ts';
import { identityOf, lstatBytes } from './disk.ts';

export type RootState =
  | { readonly kind: 'present'; readonly identity: DirIdentity }
  | { readonly kind: 'lost'; readonly reason: string };

/**
 * @param expected the directory that was watched before; null when any directory will do
 * @param marks names of directories directly below the root, one of which proves that a different directory is the
 *   mapping's all the same (it was moved, or its file system mounted again)
 */
export function lookAtRoot(root: string, expected: DirIdentity | null, marks: readonly string[]): RootState {
  const stat = lstatBytes(root);
  if (stat === null) return { kind: 'lost', reason: 'the directory does not exist' };
  if (stat.isSymbolicLink()) return { kind: 'lost', reason: 'it is a symbolic link, not a directory' };
  if (!stat.isDirectory()) return { kind: 'lost', reason: 'it is not a directory' };
  const identity = identityOf(stat);
  if (expected === null || sameDirectory(expected, identity)) return { kind: 'present', identity };
  if (marks.some((name) => lstatBytes(`${root}/${name}`)?.isDirectory() === true)) {
    return { kind: 'present', identity };
  }
  const reason =
    identity.dev === expected.dev
      ? 'another directory is in its place'
      : 'another file system is in its place: unmounted, or mounted over';
  return { kind: 'lost', reason };
}

const MOUNT_ID = 0;
const DEVICE = 2;
const SUBROOT = 3;
const MOUNT_POINT = 4;

/** The mounts that decide what is at and below the root, as comparable text; '' where /proc does not tell. */
export function mountsAround(root: string): string {
  let text: string;
  let real: string;
  try {
    text = readFileSync('/proc/self/mountinfo', 'latin1');
    real = realpathSync(Buffer.from(root, 'latin1'), { encoding: 'latin1' });
  } catch {
    return '';
  }
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    const fields = line.split(' ');
    const point = unescape(fields[MOUNT_POINT] ?? '');
    if (point === '' || !(isAtOrBelow(point, real) || isAtOrBelow(real, point))) continue;
    lines.push([fields[MOUNT_ID], fields[DEVICE], fields[SUBROOT], point].join(' '));
  }
  return lines.join('\n');
}

function isAtOrBelow(path: string, dir: string): boolean {
  return path === dir || path.startsWith(dir === '/' ? '/' : `${dir}/`);
}

/** mountinfo writes blanks, tabs, newlines and backslashes as three octal digits. */
function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

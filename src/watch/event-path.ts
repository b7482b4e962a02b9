/** Paths as @parcel/watcher tells them: text, in which every byte that is not UTF-8 has become U+FFFD. */
import { textToBytes } from '../util/bytes.ts';

export interface EventPath {
  /** byte path below the root */
  readonly path: string;
  /** false: only the directories up to here are certain, the name below them is not known */
  readonly exact: boolean;
}

/** @returns null for a path that is not at or below the root */
export function eventPath(root: string, absolute: string): EventPath | null {
  const bytes = textToBytes(absolute);
  if (bytes !== root && !bytes.startsWith(`${root}/`)) return null;
  const path = bytes.slice(root.length + 1);
  const doubt = path.indexOf(REPLACEMENT);
  if (doubt === -1) return { path, exact: true };
  return { path: path.slice(0, Math.max(0, path.lastIndexOf('/', doubt))), exact: false };
}

const REPLACEMENT = textToBytes('\uFFFD');

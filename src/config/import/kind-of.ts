/** What a path is on this machine. */
import { lstatSync } from 'node:fs';

/** @param path a byte string; what cannot be looked at counts as absent */
export function kindOf(path: string): 'directory' | 'file' | 'absent' {
  try {
    return lstatSync(Buffer.from(path, 'latin1')).isDirectory() ? 'directory' : 'file';
  } catch {
    return 'absent';
  }
}

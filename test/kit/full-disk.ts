import * as fs from 'node:fs';

/** Writes into this file until the file system that it is on has no room left. */
export function fillUp(path: string): void {
  const file = fs.openSync(path, 'w');
  try {
    for (;;) fs.writeSync(file, Buffer.alloc(4096));
  } catch {
    // Full: that is what was wanted.
  } finally {
    fs.closeSync(file);
  }
}

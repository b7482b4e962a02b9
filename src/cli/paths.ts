/** PATH as an argument: exact bytes, although the system's arguments arrive here as text. */
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import type { ShownPath } from '../control/client.ts';
import { bytesToText, shownPath, textToBytes } from '../util/bytes.ts';

const NAME = '[a-z0-9][a-z0-9_-]{0,62}';
const IN_MAPPING = new RegExp(`^(${NAME}/)?${NAME}:`);

/**
 * PATH for the daemon. `MAPPING:relative/path` and absolute paths stay as they are; anything else is meant relative to
 * the working directory, as any other command would take it.
 */
export function pathArgument(text: string): ShownPath {
  const bytes = argumentBytes(text);
  if (bytes.startsWith('/') || IN_MAPPING.test(bytes)) return shownPath(bytes);
  return shownPath(posix.join(textToBytes(process.cwd()), bytes));
}

/** A path from an answer, for people: what is not printable as `\xNN`. */
export function pathText({ path, path_base64 }: ShownPath): string {
  return path_base64 === undefined ? bytesToText(textToBytes(path)) : path;
}

// Node decodes arguments as UTF-8 and puts U+FFFD for what is not; the kernel still has the bytes.
function argumentBytes(text: string): string {
  if (!text.includes('\ufffd')) return textToBytes(text);
  try {
    const raw = readFileSync('/proc/self/cmdline', 'latin1').split('\0');
    const found = raw.find((bytes) => Buffer.from(bytes, 'latin1').toString('utf8') === text);
    return found ?? textToBytes(text);
  } catch {
    return textToBytes(text);
  }
}

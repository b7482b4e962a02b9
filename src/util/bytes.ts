/**
 * Byte strings (latin1) and text. A file's name is bytes; see backends/engine/core/types.ts. JSON for people shows a name
 * that is not UTF-8 with `\xNN` and carries it exactly as `path_base64` (contract, 3).
 */
import { Buffer, isUtf8 } from 'node:buffer';

/** Text (config, arguments) to the byte string of its UTF-8. */
export function textToBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** A byte string to text; bytes that are not UTF-8, and control characters, are shown as `\xNN`. */
export function bytesToText(bytes: string): string {
  const buffer = Buffer.from(bytes, 'latin1');
  // oxlint-disable-next-line no-control-regex
  if (isUtf8(buffer)) return buffer.toString('utf8').replaceAll(/[\u0000-\u001f\u007f]/g, escapeChar);
  return bytes.replaceAll(/[^\u0020-\u007e]/g, escapeChar);
}

function escapeChar(char: string): string {
  return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** A path as JSON output carries it. */
export function shownPath(bytes: string): { path: string; path_base64?: string } {
  const buffer = Buffer.from(bytes, 'latin1');
  if (isUtf8(buffer)) return { path: buffer.toString('utf8') };
  return { path: bytesToText(bytes), path_base64: buffer.toString('base64') };
}

/**
 * How csync2 writes names and texts into its database and onto the wire: the bytes 01-20, 7F and `" ' % $ : | \` become
 * `%XX`, all others stay, also those that are no UTF-8. Names are byte strings (latin1).
 */

// oxlint-disable-next-line no-control-regex
const SPECIAL = /[\u0001-\u0020\u007f"'%$:|\\]/;
// oxlint-disable-next-line no-control-regex
const EACH_SPECIAL = /[\u0001-\u0020\u007f"'%$:|\\]/g;

export function encode(text: string): string {
  return SPECIAL.test(text) ? text.replaceAll(EACH_SPECIAL, hexOf) : text;
}

export function decode(text: string): string {
  return text.includes('%') ? text.replaceAll(/%([0-9A-Fa-f]{2})/g, charOf) : text;
}

/** Names for `unhex(value) … json_each(?)` in a statement: bytes pass through SQLite unchanged only so. */
export function keyList(names: readonly string[]): string {
  return JSON.stringify(names.map((name) => hex(encode(name))));
}

/** For `unhex` in a statement. */
export function hex(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('hex');
}

function hexOf(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

function charOf(_: string, hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16));
}

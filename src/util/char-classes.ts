/** The named sets of POSIX brackets (`[[:alpha:]]`), over ASCII alone as in git and the C locale. */

const CLASSES: ReadonlyMap<string, RegExp> = new Map([
  ['alnum', /[A-Za-z0-9]/],
  ['alpha', /[A-Za-z]/],
  ['blank', /[ \t]/],
  // oxlint-disable-next-line no-control-regex
  ['cntrl', /[\u0000-\u001f\u007f]/],
  ['digit', /[0-9]/],
  ['graph', /[!-~]/],
  ['lower', /[a-z]/],
  ['print', /[ -~]/],
  ['punct', /[!-/:-@[-`{-~]/],
  ['space', /[ \t\n\v\f\r]/],
  ['upper', /[A-Z]/],
  ['xdigit', /[A-Fa-f0-9]/],
]);

/** Whether a byte is in the named class; null when there is no such class. */
export function isCharClass(name: string, byte: number): boolean | null {
  return CLASSES.get(name)?.test(String.fromCharCode(byte)) ?? null;
}

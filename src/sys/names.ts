/**
 * The gate in front of every call: what passes is one name, or a path of names, so that a hostile peer's `..`, `/`, NUL
 * or a code unit above 255 (which would lose its upper half and could become a `/`) never reaches the kernel (I12).
 */
import { SysError } from './sys.ts';

// oxlint-disable-next-line no-control-regex
const NOT_A_NAME = /[\0/\u0100-\uffff]/;
// oxlint-disable-next-line no-control-regex
const NOT_A_PATH = /[\0\u0100-\uffff]/;
const NAME_MAX = 255;
/** The kernel's limit for one path argument, without the NUL. */
export const PATH_MAX = 4095;

/** Throws EINVAL for anything but one name, ENAMETOOLONG past 255 bytes. */
export function checkName(name: string, syscall: string): void {
  if (name === '' || name === '.' || name === '..' || NOT_A_NAME.test(name)) {
    throw new SysError('EINVAL', syscall, name);
  }
  if (name.length > NAME_MAX) throw new SysError('ENAMETOOLONG', syscall, name);
}

/** A relative path's names; none for `''`. Throws as `checkName` does. */
export function namesOf(path: string, syscall: string): string[] {
  if (path === '') return [];
  const names = path.split('/');
  for (const name of names) checkName(name, syscall);
  return names;
}

/** A symlink's target or the path of a root: any bytes but NUL, 1 to PATH_MAX of them. */
export function checkBytes(text: string, syscall: string): void {
  if (text === '' || NOT_A_PATH.test(text)) throw new SysError('EINVAL', syscall, text);
  if (text.length > PATH_MAX) throw new SysError('ENAMETOOLONG', syscall, text);
}

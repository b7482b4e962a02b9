/**
 * A group's key: a first line of `A-Za-z0-9._`, csync2's own format, so that one file serves both backends. csync2 and
 * csyncd write 64 characters; csync2 takes 32 to 1,023, and does not read what follows.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { codeOf, CsyncdError, messageOf } from '../util/errors.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._';
const FORM = /^([A-Za-z0-9._]{32,1023})(?:\n|$)/;

/** Whether a secret's mode lets the group write or anybody else in; the daemon's group may read. */
export function isOpenToOthers(mode: number): boolean {
  return (mode & 0o027) !== 0;
}

/** Reads a key; throws a CsyncdError (`key-missing`, `key-unreadable`, `key-open`, `key-form`) that says what to do. */
export function readGroupKey(file: string): string {
  const fd = open(file);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new CsyncdError('key-unreadable', `the key ${file} is not a file`);
    if (isOpenToOthers(stat.mode)) {
      const mode = (stat.mode & 0o7777).toString(8).padStart(4, '0');
      throw new CsyncdError('key-open', `the key ${file} is open to others (mode ${mode})`, {
        hint: `chmod 0600 ${file}`,
      });
    }
    const text = readFileSync(fd, 'latin1');
    const [, key] = FORM.exec(text) ?? [];
    if (key === undefined) {
      throw new CsyncdError(
        'key-form',
        `the key ${file} does not begin with a line of 32 or more characters of A-Z, a-z, 0-9, "." and "_"`,
        {
          hint: `write a new one with \`csyncd keygen\` and copy it to all nodes of the group`,
        },
      );
    }
    return key;
  } finally {
    closeSync(fd);
  }
}

/** Writes a new random key, mode 0600, in a new directory if need be. Never overwrites: throws a CsyncdError `key-exists`. */
export function writeGroupKey(file: string): void {
  const key = Array.from(randomBytes(64), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
  let fd: number;
  try {
    const dir = dirname(file);
    if (!existsSync(dir)) mkdirSync(dir, { mode: 0o700 });
    fd = openSync(file, 'wx', 0o600);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      const hint = 'a key in use must not be lost: move it away first, or name another file';
      throw new CsyncdError('key-exists', `${file} exists already`, { hint, cause: error });
    }
    throw new CsyncdError('key-unwritable', `the key ${file} cannot be written: ${messageOf(error)}`, {
      cause: error,
    });
  }
  try {
    writeSync(fd, `${key}\n`);
    fsyncSync(fd);
  } catch (error) {
    // Half a key would be refused by every later start, and keygen would not replace it.
    unlinkSync(file);
    throw new CsyncdError('key-unwritable', `the key ${file} cannot be written: ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    closeSync(fd);
  }
}

function open(file: string): number {
  try {
    // Not blocking, in case it is a fifo.
    return openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      const hint = `write one with \`csyncd keygen ${file}\` and copy it to all nodes of the group`;
      throw new CsyncdError('key-missing', `there is no key ${file}`, { hint, cause: error });
    }
    const hint = 'it must be readable by the user that csyncd runs as';
    throw new CsyncdError('key-unreadable', `the key ${file} cannot be read: ${messageOf(error)}`, {
      hint,
      cause: error,
    });
  }
}

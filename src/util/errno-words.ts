/** Errno names in words, for what an operator reads. */

const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the file system',
  EDQUOT: 'the quota is used up',
  EIO: 'the disk failed',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files on this machine',
  ENAMETOOLONG: 'the name is too long',
  EFBIG: 'the file is too large for the file system',
  EBUSY: 'in use',
  ETXTBSY: 'in use as a program',
  EILSEQ: 'the file system does not take this name',
  EINVAL: 'the file system does not take this',
  ELOOP: 'a symlink is in the way',
};

/** `ENOSPC: write x` becomes `no space left on the file system (ENOSPC: write x)`; other messages stay as they are. */
export function inWords(message: string): string {
  const [, code = ''] = /^(E[A-Z0-9]+): /.exec(message) ?? [];
  const words = WORDS[code];
  return words === undefined ? message : `${words} (${message})`;
}

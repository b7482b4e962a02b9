/** Names of errno values. `os.constants` has most; the rest are those that file systems return besides. */
import { constants } from 'node:os';

const EXTRA = { EUCLEAN: 117, ENOKEY: 126 } as const;

const byNumber = new Map<number, string>();
for (const [name, value] of Object.entries({ ...constants.errno, ...EXTRA })) {
  // Of two names for one value the first counts, except where Linux people say the other.
  if (!byNumber.has(value)) byNumber.set(value, name);
}
byNumber.set(constants.errno.EAGAIN, 'EAGAIN');
byNumber.set(constants.errno.EOPNOTSUPP, 'EOPNOTSUPP');

export function errnoName(errno: number): string {
  return byNumber.get(errno) ?? `E${errno}`;
}

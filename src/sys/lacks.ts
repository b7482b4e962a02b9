/** What csyncd must do without on this machine, or as this service: told by the log at the start, and by `doctor`. */
import { loadLibc, type LibcResult } from './libc.ts';
import { openSys, type OpenedSys } from './open.ts';
import { lackingRights, type MissingRight } from './rights.ts';

export interface Lack {
  readonly message: string;
  readonly remedy: string;
}

export function lacksHere(
  libc: LibcResult = loadLibc(),
  { reason }: Pick<OpenedSys, 'reason'> = openSys(libc),
  rights: readonly MissingRight[] = lackingRights(),
): Lack[] {
  const lacks: Lack[] = [];
  if (rights.length > 0) {
    lacks.push({
      message: `runs with few rights: ${rights.map(({ without }) => without).join('; ')}`,
      remedy: `run it as root, or give the service AmbientCapabilities=${rights.map(({ capability }) => capability).join(' ')}`,
    });
  }
  if (!libc.ok) {
    lacks.push({
      message: `works without its native module, more slowly, and knows only the users and groups of /etc/passwd and /etc/group: ${libc.reason}`,
      remedy: NATIVE_REMEDY,
    });
  } else if (reason !== null) {
    lacks.push({
      message: `works without openat2, more slowly: ${reason}`,
      remedy: 'Linux 5.6 or later; a sandbox around csyncd has to let openat2 pass',
    });
  }
  return lacks;
}

/** When the C library cannot be called. */
export const NATIVE_REMEDY =
  'install csyncd anew, with its dependencies, for this machine: x86-64 or arm64, with glibc';

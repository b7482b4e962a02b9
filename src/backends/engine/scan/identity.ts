/** Stat identities as the engine keeps them. */
import { identityAt, identityOf } from '../../../sys/identity.ts';
import type { Stat } from '../../../sys/sys.ts';
import type { Identity } from '../core/types.ts';

/**
 * To compare with what is believed. A directory's carries no size and no times, which change with every name in it; what
 * csyncd carries of a directory (mode and owner) and the inode are in it.
 */
export function identityNow(stat: Stat): Identity {
  return identityOf(stat.kind === 'dir' ? timeless(stat) : stat) as Identity;
}

/** To remember after a look. `nowNs` was taken before the content was read; see identityAt. */
export function identityFound(stat: Stat, nowNs: bigint): Identity {
  return (stat.kind === 'dir' ? identityOf(timeless(stat)) : identityAt(stat, nowNs)) as Identity;
}

/** To remember when what is there now is not known: it equals none that can be found, so the next look reads the file. */
export function identityUncertain(stat: Stat): Identity {
  return `${identityNow(stat)}~0` as Identity;
}

function timeless(stat: Stat): Stat {
  return { ...stat, size: 0, mtimeNs: 0n, ctimeNs: 0n };
}

/** inotify's limits of this machine, how much of them is used, and raising them. */
import { readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';

const FOLDER = '/proc/sys/fs/inotify';
const FILES = {
  maxUserWatches: 'max_user_watches',
  maxUserInstances: 'max_user_instances',
  maxQueuedEvents: 'max_queued_events',
} as const;
type LimitName = keyof typeof FILES;
const NAMES = Object.keys(FILES) as LimitName[];

/** null = cannot be read here. */
export type InotifyLimits = { readonly [Name in LimitName]: number | null };

/** @param folder another one than the kernel's, for tests */
export function inotifyLimits(folder: string = FOLDER): InotifyLimits {
  const read = (name: LimitName): number | null => {
    const text = textOf(`${folder}/${FILES[name]}`)?.trim() ?? '';
    return /^\d+$/.test(text) ? Number(text) : null;
  };
  return {
    maxUserWatches: read('maxUserWatches'),
    maxUserInstances: read('maxUserInstances'),
    maxQueuedEvents: read('maxQueuedEvents'),
  };
}

/** What csyncd wants at least: with a queue of a million an overflow needs a stall of seconds, which is noticed. */
export const WANTED_LIMITS: { readonly [Name in LimitName]: number } = {
  maxUserWatches: 1_048_576,
  maxUserInstances: 1024,
  maxQueuedEvents: 1_048_576,
};

/**
 * Raises what is lower than wanted, never lowers; returns the limits afterwards. Only root may: for anybody else, or in
 * a container, they stay. The queue's limit counts for inotify instances that are made later.
 */
export function raiseInotifyLimits(
  wanted: Partial<typeof WANTED_LIMITS> = WANTED_LIMITS,
  folder: string = FOLDER,
): InotifyLimits {
  const now = inotifyLimits(folder);
  for (const name of NAMES) {
    const goal = wanted[name];
    const current = now[name];
    if (goal === undefined || current === null || current >= goal) continue;
    try {
      writeFileSync(`${folder}/${FILES[name]}`, `${goal}\n`, { flag: 'r+' });
    } catch {
      // Not allowed: the caller sees it in what is returned.
    }
  }
  return inotifyLimits(folder);
}

export interface InotifyUsage {
  readonly watches: number;
  readonly instances: number;
}

/**
 * What all processes of a user hold, counted in /proc: 100 ms and more on a machine with many watches. Processes that
 * this one may not look into are missing, so it is a lower bound for anybody but root.
 */
export function inotifyUsage(uid: number): InotifyUsage {
  let watches = 0;
  let instances = 0;
  for (const pid of namesIn('/proc')) {
    if (!/^\d+$/.test(pid) || !isOwnedBy(`/proc/${pid}`, uid)) continue;
    for (const fd of namesIn(`/proc/${pid}/fd`)) {
      if (linkOf(`/proc/${pid}/fd/${fd}`) !== 'anon_inode:inotify') continue;
      instances++;
      watches += textOf(`/proc/${pid}/fdinfo/${fd}`)?.match(/^inotify /gm)?.length ?? 0;
    }
  }
  return { watches, instances };
}

// RACE: processes and descriptors vanish while they are counted; what is gone holds nothing.

function isOwnedBy(path: string, uid: number): boolean {
  try {
    return statSync(path).uid === uid;
  } catch {
    return false;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
